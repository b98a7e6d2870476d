// Verifies one credential and says what was checked, in order. Same checks as autograder/certify/verify.py.
// Nothing is fetched but the site's own files; no address found inside a credential is ever opened.

import { ISSUERS } from "../edition.js";
import { ed25519Holds, multibase, sha256 } from "./digest.js";
import { canonical, prepare, problem, SiteError } from "./terms.js";
import { inflate } from "./reading.js";

const STATUS_BITS = 131072;
export const DEMO = "DEMO – not issued by MOIT or Samsung";
export { SiteError };

// -> { verdict: "valid" | "unknown" | "invalid", demo, trusted, checks: [{name, ok, why, …details}] }
// `trusted` says that the signature holds, so that the content may be shown.
export async function check(credential, now = new Date()) {
  await prepare();
  const checks = [];
  const say = (name, ok, why, details = {}) => {
    checks.push({ name, ok, why, ...details });
    return ok;
  };
  const outcome = (trusted) => ({
    verdict: checks.some((item) => item.ok === false)
      ? "invalid"
      : checks.some((item) => item.name === "issuer" && item.ok)
        ? "valid"
        : "unknown",
    demo: trusted && isDemo(credential),
    trusted,
    checks,
  });

  if (!types(credential).includes("OpenBadgeCredential")) {
    say("form", false, "not-a-badge");
    return outcome(false);
  }
  if (!(await signed(credential, say))) return outcome(false);

  const did = issuerId(credential);
  const known = (await published()).find((issuer) => issuer.did === did);
  say("issuer", known ? true : null, known ? "issuer-known" : "issuer-unknown", { issuer: known?.name });
  if (isDemo(credential)) say("demo", marked(credential), marked(credential) ? "demo" : "demo-unmarked");
  dates(credential, say, now);
  await status(credential, say, now, known);
  return outcome(true);
}

async function signed(credential, say) {
  const { proof: given, ...unsigned } = credential;
  const proof = Array.isArray(given) && given.length === 1 ? given[0] : given;
  if (proof === null || typeof proof !== "object" || Array.isArray(proof)) return say("signature", false, "no-signature");
  if (Object.hasOwn(proof, "@context")) return say("terms", false, "undefined-term", { term: "proof.@context" });
  const { proofValue, ...rest } = proof;
  const config = { ...rest, "@context": credential["@context"] };
  for (const part of [unsigned, config]) {
    const term = await problem(part);
    if (term) return say("terms", false, "undefined-term", { term: term.slice(0, 80) });
  }
  say("terms", true, "terms");
  const holds = await signatureHolds(issuerId(credential), proof, unsigned, config);
  return say("signature", holds, holds ? "signature" : "signature-wrong");
}

async function signatureHolds(did, proof, unsigned, config) {
  const name = did.replace(/^did:key:/, "");
  const right =
    did.startsWith("did:key:z") &&
    proof.type === "DataIntegrityProof" &&
    proof.cryptosuite === "eddsa-rdfc-2022" &&
    proof.proofPurpose === "assertionMethod" &&
    proof.verificationMethod === `${did}#${name}`;
  if (!right) return false;
  try {
    const key = multibase(name);
    const signature = multibase(proof.proofValue);
    if (key.length !== 34 || key[0] !== 0xed || key[1] !== 0x01 || signature.length !== 64) return false;
    const hashed = new Uint8Array(64);
    hashed.set(await sha256(await canonical(config)), 0);
    hashed.set(await sha256(await canonical(unsigned)), 32);
    return await ed25519Holds(key.slice(2), signature, hashed);
  } catch (error) {
    if (error instanceof SiteError) throw error;
    return false;
  }
}

function dates(credential, say, now) {
  const start = time(credential.validFrom);
  const end = credential.validUntil === undefined ? null : time(credential.validUntil);
  const details = { start, end };
  if (!start || (credential.validUntil !== undefined && !end)) return say("dates", false, "dates-unreadable");
  if (now < start) return say("dates", false, "not-yet", details);
  if (end && now > end) return say("dates", false, "expired", details);
  return say("dates", true, end ? "dates-until" : "dates", details);
}

async function status(credential, say, now, known) {
  const entry = credential.credentialStatus;
  if (entry === undefined) return say("status", null, "no-status");
  const index = Number(entry.statusListIndex);
  const right =
    entry.type === "BitstringStatusListEntry" &&
    entry.statusPurpose === "revocation" &&
    String(index) === entry.statusListIndex &&
    Number.isInteger(index) &&
    index >= 0 &&
    index < STATUS_BITS;
  if (!right) return say("status", false, "status-unreadable");
  // The list is looked up among the site's own by its name; its address is never opened.
  const file = known?.lists?.[entry.statusListCredential];
  const list = file && /^[\w-]+\.json$/.test(file) ? await own(`status/${file}`) : null;
  if (!list) return say("status", null, "status-unchecked");
  const bits = await statusBits(list, entry.statusListCredential, issuerId(credential));
  const asOf = time(list.validFrom);
  const end = list.validUntil === undefined ? null : time(list.validUntil);
  if (!bits || !asOf || (list.validUntil !== undefined && !end)) return say("status", false, "status-list-wrong");
  if ((bits[index >> 3] >> (7 - (index & 7))) & 1) return say("status", false, "revoked", { asOf });
  if (asOf > now || (end && now > end)) return say("status", null, "status-old", { asOf });
  return say("status", true, "not-revoked", { asOf });
}

async function statusBits(list, name, did) {
  const subject = list.credentialSubject;
  const right =
    types(list).includes("BitstringStatusListCredential") &&
    list.id === name &&
    issuerId(list) === did &&
    subject?.type === "BitstringStatusList" &&
    subject.statusPurpose === "revocation" &&
    /^u[\w-]+$/.test(subject.encodedList) &&
    (await signed(list, (_name, ok) => ok));
  if (!right) return null;
  try {
    const packed = atob(subject.encodedList.slice(1).replaceAll("-", "+").replaceAll("_", "/"));
    const bits = await inflate(Uint8Array.from(packed, (c) => c.charCodeAt(0)), "gzip", 1 << 24);
    return bits.length * 8 >= STATUS_BITS ? bits : null;
  } catch {
    return null;
  }
}

async function own(path) {
  try {
    const answer = await fetch(new URL(path, ISSUERS), { cache: "no-cache" });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

async function published() {
  const file = await own("issuers.json");
  return file?.format === "course-issuers/1" && Array.isArray(file.issuers) ? file.issuers : [];
}

export function marked(credential) {
  const named = credential.issuer?.name ?? "";
  return String(credential.name ?? "").startsWith(DEMO) && String(named).startsWith(DEMO);
}

// Anyone can make a did:key: whatever such an issuer signs is a demo, also when it does not say so.
const isDemo = (credential) => marked(credential) || issuerId(credential).startsWith("did:key:");

const types = (json) => [json.type].flat();

export function issuerId(credential) {
  const id = typeof credential.issuer === "object" ? credential.issuer?.id : credential.issuer;
  return typeof id === "string" ? id : "";
}

function time(text) {
  if (typeof text !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) return null;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : date;
}
