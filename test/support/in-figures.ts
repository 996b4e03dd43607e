/** Measurements in the words of a line that is printed. */

/** How often each of them. */
export const counted = (of: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const it of of) counts.set(it, (counts.get(it) ?? 0) + 1);
  return [...counts].map(([what, count]) => `${count} × ${what}`).join(', ') || 'none';
};

/** Milliseconds; null: it never came to an end. */
export const spread = (of: readonly (number | null)[]): string => {
  const sorted = of.filter((it) => it !== null).sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return `${of.length} times, p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} ms, never over ${of.length - sorted.length}`;
};
