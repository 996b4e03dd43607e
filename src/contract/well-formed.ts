/**
 * Text that every store can hold. A client that cuts a text in the middle of an emoji sends half of it: JavaScript keeps
 * such a half, UTF-8 cannot, so the live roll and the archive would disagree. It becomes U+FFFD at the door.
 */
/** No payload of the contract nests deeper than 4; what does is refused or ignored. */
const DEEPEST = 16;

/** Mends the texts of a parsed JSON value in place, and answers it. Nothing below DEEPEST is looked at. */
export const wellFormed = (value: unknown, depth = 0): unknown => {
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed();
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return value;
  for (const [key, it] of Object.entries(value)) {
    if (typeof it !== 'string' && (typeof it !== 'object' || it === null)) continue;
    const mended = wellFormed(it, depth + 1);
    if (mended !== it) (value as Record<string, unknown>)[key] = mended;
  }
  return value;
};
