/** What the node tells its console, fetched once at the start. */
export type DemoPerson = { name: string; role: string; token: string };
export type Settings = {
  /** LOGIN_URL; null: people paste a token. */
  login_url: string | null;
  /** Only in the demo: who one may be. */
  demo_people: DemoPerson[];
};

/** Where this console is served, with a slash at its end: what all its addresses begin with. */
export const baseUrl = (): string => document.baseURI;

export const fetchSettings = async (): Promise<Settings> => {
  const response = await fetch(new URL('console.json', baseUrl()));
  if (!response.ok) throw new Error(`settings: ${response.status}`);
  return (await response.json()) as Settings;
};
