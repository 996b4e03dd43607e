/** In which of the slots of a Redis Cluster a key or channel lies: CRC16 (XMODEM) of it, or of its hash tag. */

export const SLOTS = 16_384;

export const slotOf = (key: string): number => crc16(tagOf(key)) % SLOTS;

/** What stands between the first brace and the next closing one, if that is anything; else the whole key. */
const tagOf = (key: string): string => {
  const open = key.indexOf('{');
  if (open === -1) return key;
  const close = key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : key;
};

const crc16 = (text: string): number => {
  let crc = 0;
  for (const byte of Buffer.from(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80_00 ? ((crc << 1) ^ 0x10_21) & 0xff_ff : crc << 1;
  }
  return crc;
};
