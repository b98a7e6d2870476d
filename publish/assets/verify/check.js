// Verifies one credential and says what was checked, in order. Same checks as autograder/certify/verify.py,
// in the same words.
// Nothing is fetched but the site's own files; no address found inside a credential is ever opened.

import { ISSUERS } from "../edition.js";
import { ed25519Holds, multibase, sha256 } from "./digest.js";
import { SiteError } from "./errors.js";
import { inflate } from "./reading.js";
import { canonical, prepare, problem } from "./terms.js";

const STATUS_BITS = 131072;
const LEEWAY = 5 * 60_000; // milliseconds by which the clocks of two honest machines may differ
export const DEMO = "DEMO – not issued by MOIT or Samsung";

// -> { verdict: "valid" | "unknown" | "invalid", title, demo, trusted, checks: [{name, ok, why, …details}] }
// `title` and `why` are keys of the texts; `trusted` says that the signature holds, so that the content may
// be shown.
export async function check(credential, now = new Date()) {
  await prepare();
  const checks = [];
  const say = (name, ok, why, details = {}) => {
    checks.push({ name, ok, why, ...details });
    return ok;
  };
  const outcome = () => {
    const passed = (name) => checks.some((item) => item.name === name && item.ok);
    const trusted = passed("signature");
    const verdict = checks.some((item) => item.ok === false) ? "invalid" : passed("issuer") ? "valid" : "unknown";
    const demo = trusted && isDemo(credential);
    const more = verdict === "valid" && demo ? "-demo" : verdict === "unknown" && !trusted ? "-key" : "";
    return { verdict, title: `verdict-${verdict}${more}`, demo, trusted, checks };
  };

  if (!types(credential).includes("OpenBadgeCredential")) {
    say("form", false, "not-a-badge");
    return outcome();
  }
  const did = issuerId(credential);
  const issuers = await published();
  const known = issuers.find((issuer) => issuer.did === did);
  const keys = known ? keysOf(known) : ownKeys(did);
  const holds = await signed(credential, keys, say);
  if (holds === false) return outcome();
  say("issuer", known ? true : null, known ? "issuer-known" : "issuer-unknown", { issuer: known?.name });
  if (!holds) return outcome();
  if (isDemo(credential) || known?.name.startsWith(DEMO)) {
    say("demo", marked(credential), marked(credential) ? "demo" : "demo-unmarked");
  }
  const listed = await statusList(credential, issuers, keys);
  // A signed list shows that it is at least that late, whatever a clock that was set back says.
  dates(credential, say, now, listed.start > now ? listed.start : now);
  status(credential, say, now, listed);
  return outcome();
}

// The keys of a published issuer by verification method: {key, retired, withdrawn}.
function keysOf(known) {
  if (!known.document) return ownKeys(known.did) ?? new Map(); // the first ones had none, as did:key
  const { verificationMethod = [], assertionMethod = [] } = known.document;
  const found = new Map();
  for (const { id, type, publicKeyMultibase, revoked } of verificationMethod) {
    const key = type === "Multikey" && id.startsWith(`${known.did}#`) && publicKey(publicKeyMultibase);
    const withdrawn = revoked !== undefined || !assertionMethod.includes(id);
    if (key) found.set(id, { key, withdrawn, retired: time(known.retired?.[id]) });
  }
  return found;
}

// The key that a did:key is made of; null for another issuer, whose keys must be known.
function ownKeys(did) {
  if (!did.startsWith("did:key:")) return did ? null : new Map();
  const name = did.slice("did:key:".length);
  const key = publicKey(name);
  return new Map(key ? [[`${did}#${name}`, { key, withdrawn: false, retired: null }]] : []);
}

function publicKey(name) {
  try {
    const key = multibase(name);
    return key.length === 34 && key[0] === 0xed && key[1] === 0x01 ? key.slice(2) : null;
  } catch {
    return null;
  }
}

async function signed(credential, keys, say) {
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
  const method = proof.verificationMethod;
  const did = issuerId(credential);
  if (keys === null && typeof method === "string" && method.startsWith(`${did}#`)) {
    return say("signature", null, "key-unknown", { did: did.slice(0, 200) });
  }
  const key = keys?.get(method);
  if (!key || !(await signatureHolds(proof, unsigned, config, key.key))) return say("signature", false, "signature-wrong");
  if (key.withdrawn) return say("signature", false, "key-withdrawn");
  const created = time(proof.created);
  if (key.retired && !(created && created < key.retired)) {
    return say("signature", false, "key-retired", { retired: key.retired });
  }
  return say("signature", true, "signature");
}

async function signatureHolds(proof, unsigned, config, key) {
  const right =
    proof.type === "DataIntegrityProof" &&
    proof.cryptosuite === "eddsa-rdfc-2022" &&
    proof.proofPurpose === "assertionMethod";
  if (!right) return false;
  try {
    const signature = multibase(proof.proofValue);
    if (signature.length !== 64) return false;
    const hashed = new Uint8Array(64);
    hashed.set(await sha256(await canonical(config)), 0);
    hashed.set(await sha256(await canonical(unsigned)), 32);
    return await ed25519Holds(key, signature, hashed);
  } catch (error) {
    if (error instanceof SiteError) throw error;
    return false;
  }
}

function dates(credential, say, now, atLeast) {
  const start = time(credential.validFrom);
  const end = credential.validUntil === undefined ? null : time(credential.validUntil);
  const { created } = [credential.proof].flat()[0];
  const begun = created === undefined ? start : time(created);
  if (!start || !begun || (credential.validUntil !== undefined && !end)) return say("dates", false, "dates-unreadable");
  const first = begun > start ? begun : start;
  if (now.getTime() + LEEWAY < first.getTime()) return say("dates", false, "not-yet", { start: first });
  if (end && atLeast > end) return say("dates", false, "expired", { end });
  return say("dates", true, end ? "dates-until" : "dates", { start, end });
}

function status(credential, say, now, listed) {
  if (credential.credentialStatus === undefined) return say("status", null, "no-status");
  if (listed.wrong) return say("status", listed.wrong === "status-unchecked" ? null : false, listed.wrong);
  const { bits, index, start: asOf, end } = listed;
  if ((bits[index >> 3] >> (7 - (index & 7))) & 1) return say("status", false, "revoked", { asOf });
  if (asOf.getTime() > now.getTime() + LEEWAY) return say("status", null, "status-future", { asOf });
  if (end && now > end) return say("status", null, "status-old", { asOf });
  return say("status", true, "not-revoked", { asOf });
}

// The status list that a credential names: {bits, index, start, end}, or {wrong: why there is none}.
async function statusList(credential, issuers, keys) {
  const entry = credential.credentialStatus ?? {};
  const index = Number(entry.statusListIndex);
  const right =
    entry.type === "BitstringStatusListEntry" &&
    entry.statusPurpose === "revocation" &&
    String(index) === entry.statusListIndex &&
    Number.isInteger(index) &&
    index >= 0 &&
    index < STATUS_BITS;
  if (!right) return { wrong: "status-unreadable" };
  // The list is looked up among the site's own by its name; its address is never opened.
  const file = issuers.map((issuer) => issuer.lists?.[entry.statusListCredential]).find(Boolean);
  const list = file && /^[\w-]+\.json$/.test(file) ? await own(`status/${file}`) : null;
  if (!list) return { wrong: "status-unchecked" };
  const bits = await statusBits(list, entry.statusListCredential, issuerId(credential), keys);
  const start = time(list.validFrom);
  const end = list.validUntil === undefined ? null : time(list.validUntil);
  const whole = bits && start && (list.validUntil === undefined || end);
  return whole ? { bits, index, start, end } : { wrong: "status-list-wrong" };
}

async function statusBits(list, name, did, keys) {
  const subject = list.credentialSubject;
  const right =
    types(list).includes("BitstringStatusListCredential") &&
    list.id === name &&
    issuerId(list) === did &&
    subject?.type === "BitstringStatusList" &&
    subject.statusPurpose === "revocation" &&
    /^u[\w-]+$/.test(subject.encodedList) &&
    (await signed(list, keys, (_name, ok) => ok));
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
