// The list of published editions beside this one; null without a network, in a site that stands alone, or if it is none.
import { EDITIONS } from "../edition.js";

export const list = EDITIONS
  ? fetch(EDITIONS).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null)
  : Promise.resolve(null);
