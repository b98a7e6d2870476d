// The site itself is damaged: a wrong or missing file of its own. Never the credential's fault.
export class SiteError extends Error {}
