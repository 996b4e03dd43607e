/** The fields of an INFO reply, sections put together. */
export const infoFields = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/^([^#:\r\n]+):(.*?)\r?$/gm)].map(([, key = '', value = '']) => [key, value]));
