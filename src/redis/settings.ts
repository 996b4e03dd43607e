/** Where Redis is and what is agreed with it, from the REDIS_* variables. Pure, but for reading the CA file. */
import { readFileSync } from 'node:fs';

export const REDIS_MODES = ['standalone', 'cluster', 'sentinel'] as const;
export type RedisMode = (typeof REDIS_MODES)[number];

export type RedisNode = { host: string; port: number };

export type RedisSettings = {
  mode: RedisMode;
  /** The server; in cluster mode, nodes to learn the others from; in sentinel mode, the sentinels. */
  nodes: [RedisNode, ...RedisNode[]];
  /** What the sentinels call the master; null in the other modes. */
  master_name: string | null;
  username: string | null;
  /** In sentinel mode it is for Redis and the sentinels alike; a user name is for Redis alone. */
  password: string | null;
  /** Always 0 in cluster mode. */
  db: number;
  /** Null: not encrypted. Without a CA of its own, the system's are trusted. */
  tls: { ca: string | null } | null;
  /** Of every key and channel. */
  prefix: string;
  /** Replicas that must have an opened or ended roll before it is acknowledged. */
  wait_replicas: number;
};

/** The variables as they were read, each one right for itself. */
export type RedisVariables = {
  REDIS_URL: string;
  REDIS_MODE: RedisMode | undefined;
  REDIS_SENTINEL_MASTER: string | undefined;
  REDIS_TLS_CA_FILE: string | undefined;
  REDIS_PREFIX: string;
  REDIS_WAIT_REPLICAS: number;
};

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26379;
/** Addresses are told apart by commas before they are looked at. */
const COMMA = '(a comma in a password is written %2C)';
/** Databases beyond this are nowhere; Redis has 16 unless configured otherwise. */
const MAX_DB = 9_999;

/** Throws an Error of one line that begins with the variable that is wrong. Never shows a password. */
export const redisSettings = (variables: RedisVariables): RedisSettings => {
  const mode = variables.REDIS_MODE ?? 'standalone';
  const addresses = variables.REDIS_URL.split(',').map((it) => it.trim());
  if (mode === 'standalone' && addresses.length > 1) {
    throw new Error('REDIS_URL lists several addresses: set REDIS_MODE to cluster or sentinel, or name one');
  }
  const urls = addresses.map((it, i) => parseAddress(it, mode, i + 1));
  const [first] = urls as [ParsedAddress];
  if (urls.some((it) => it.secure !== first.secure)) {
    throw new Error('REDIS_URL mixes redis:// and rediss://: take one of them for all addresses');
  }
  return {
    mode,
    nodes: urls.map(({ host, port }) => ({ host, port })) as [RedisNode, ...RedisNode[]],
    master_name: masterName(mode, variables.REDIS_SENTINEL_MASTER),
    ...credentials(urls),
    db: database(mode, urls),
    tls: encryption(first.secure, variables.REDIS_TLS_CA_FILE),
    prefix: variables.REDIS_PREFIX,
    wait_replicas: variables.REDIS_WAIT_REPLICAS,
  };
};

type ParsedAddress = RedisNode & {
  secure: boolean;
  username: string | null;
  password: string | null;
  db: number | null;
};

/** `place` says which one of a list is wrong, for its text may hold a password. */
const parseAddress = (address: string, mode: RedisMode, place: number): ParsedAddress => {
  const wrong = (why: string): never => {
    throw new Error(`REDIS_URL, address ${place}: ${why}`);
  };
  if (!/^rediss?:\/\//.test(address)) {
    return wrong(`must begin with redis:// or rediss:// ${COMMA}`);
  }
  if (!URL.canParse(address)) return wrong(`is not a URL ${COMMA}`);
  const url = new URL(address);
  if (url.search !== '' || url.hash !== '') return wrong('must have neither a query nor a fragment');
  const port = url.port === '' ? (mode === 'sentinel' ? SENTINEL_PORT : REDIS_PORT) : Number(url.port);
  if (url.hostname === '') return wrong('names no host');
  if (port === 0) return wrong('names port 0');
  const path = url.pathname.replace(/^\//, '');
  if (path !== '' && !(/^\d{1,4}$/.test(path) && Number(path) <= MAX_DB)) {
    return wrong('may end in the number of a database, such as /2, and in nothing else');
  }
  const [username, password] = [url.username, url.password].map((it) => decoded(it, wrong));
  if (username && !password) return wrong('names a user without a password');
  return {
    // The brackets of an IPv6 address belong to the URL.
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    secure: url.protocol === 'rediss:',
    username: username || null,
    password: password || null,
    db: path === '' ? null : Number(path),
  };
};

const decoded = (text: string, wrong: (why: string) => never): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return wrong('has a user or a password whose percent signs are not encoded (%25)');
  }
};

/** The first address that has them tells them for all; another one may repeat them or leave them out. */
const credentials = (urls: ParsedAddress[]): Pick<RedisSettings, 'username' | 'password'> => {
  const given = urls.filter(({ password }) => password !== null);
  const [{ username, password } = { username: null, password: null }] = given;
  if (given.some((it) => it.username !== username || it.password !== password)) {
    throw new Error('REDIS_URL has different users or passwords in its addresses: they must be the same');
  }
  return { username, password };
};

const database = (mode: RedisMode, urls: ParsedAddress[]): number => {
  const named = new Set(urls.map(({ db }) => db).filter((it) => it !== null));
  if (named.size > 1) throw new Error('REDIS_URL names different databases in its addresses');
  const [db = 0] = named;
  if (mode === 'cluster' && db !== 0) throw new Error(`REDIS_URL names database ${db}, but a Cluster has 0 alone`);
  return db;
};

const masterName = (mode: RedisMode, name: string | undefined): string | null => {
  if (mode === 'sentinel' && name === undefined) {
    throw new Error(
      'REDIS_SENTINEL_MASTER is not set, but REDIS_MODE is sentinel: set what the sentinels call the master',
    );
  }
  if (mode !== 'sentinel' && name !== undefined) {
    throw new Error(`REDIS_SENTINEL_MASTER is set, but REDIS_MODE is ${mode}: set it to sentinel, or unset the name`);
  }
  return name ?? null;
};

const encryption = (secure: boolean, caFile: string | undefined): RedisSettings['tls'] => {
  if (!secure && caFile !== undefined) {
    throw new Error('REDIS_TLS_CA_FILE is set, but REDIS_URL is not encrypted: write rediss://, or unset the file');
  }
  return secure ? { ca: caFile === undefined ? null : certificates(caFile) } : null;
};

const certificates = (file: string): string => {
  const pem = readCa(file);
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Error(`REDIS_TLS_CA_FILE must be a file of certificates as PEM: ${file}`);
  }
  return pem;
};

const readCa = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`REDIS_TLS_CA_FILE cannot be read: ${(error as Error).message}`);
  }
};
