/** Without a database in the URL. */
const DEFAULT_DATABASE = 'rollcast';

/** The database that a URL names. Throws an Error, without what may be secret, when the text is no such URL. */
export const databaseOf = (url: string): string => {
  const [, rest] = /^mongodb(?:\+srv)?:\/\/(.+)$/s.exec(url) ?? [];
  if (rest === undefined) throw new Error('must begin with mongodb:// or mongodb+srv:// and name a server');
  const path = rest.slice(rest.lastIndexOf('@') + 1).split('?')[0] ?? '';
  const slash = path.indexOf('/');
  const name = slash === -1 ? '' : path.slice(slash + 1);
  if (!/^[A-Za-z0-9_-]{0,63}$/.test(name))
    throw new Error('names a database with other characters than A-Z a-z 0-9 _ -');
  return name === '' ? DEFAULT_DATABASE : name;
};
