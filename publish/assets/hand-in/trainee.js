// Trainee numbers, as labs/linelab/trainees.py defines them (a test compares the two).

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 8;

/** Upper case, without spaces and dashes, O read as 0 and I, L as 1. */
export function normalise(text) {
  return String(text).toUpperCase().replace(/[ \-–_\u2011]/g, "")
    .replace(/O/g, "0").replace(/[IL]/g, "1");
}

/** Whether this, normalised, is a well-formed trainee number with the right check character. */
export function isTraineeId(text) {
  const values = [...normalise(text)].map((c) => ALPHABET.indexOf(c));
  if (values.length !== LENGTH || values.includes(-1)) return false;
  const sum = values.slice(0, -1).reduce((total, value, i) => total + (2 * i + 1) * value, 0);
  return sum % ALPHABET.length === values[LENGTH - 1];
}

/** The number as people read it: K7P2-QD4M. */
export function written(trainee) {
  return `${trainee.slice(0, 4)}-${trainee.slice(4)}`;
}
