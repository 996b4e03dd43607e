/**
 * Configuration: one table declares every variable with its type, default and meaning; the reference in docs/ is made
 * from it. A wrong value stops the start with one line that names the variable. NAME_FILE works for every secret.
 */
import { readFileSync } from 'node:fs';
import {
  ALGORITHMS,
  algorithmOf,
  baseUrl,
  headers,
  integer,
  listOf,
  mongodbUrl,
  oneOf,
  onOff,
  origins,
  publicKey,
  redisPrefix,
  share,
  text,
  trustProxy,
  url,
} from './config-values.ts';
import { REDIS_PREFIX_MAX_CHARS } from './limits.ts';
import { REDIS_MODES, type RedisSettings, redisSettings } from './redis/settings.ts';
import type { TokenKey } from './token.ts';

/** A configuration that cannot be used; its message is the one line that the operator reads. */
export class ConfigError extends Error {}

type Variable<T> = {
  description: string;
  /** As shown in the reference; undefined: unset. */
  default?: string;
  secret?: boolean;
  /** Throws a plain Error that says what is wrong with the text. */
  parse: (text: string) => T;
};

const variable = <T>(it: Variable<T>): Variable<T> => it;

export const VARIABLES = {
  PORT: variable({
    description: 'Port for HTTP and Socket.IO; 0 takes a free one',
    default: '4002',
    parse: integer(0, 65535),
  }),
  HOST: variable({ description: 'Address to listen on', default: '0.0.0.0', parse: text }),
  REDIS_URL: variable({
    description:
      'Live rolls in Redis (distributed profile, together with MONGODB_URL). redis:// or rediss:// with user, password, port and database as needed; with REDIS_MODE a comma-separated list of such addresses. The user and password stand in the first address or in all; with sentinel, the password is for Redis and the sentinels alike, the user and the database for Redis alone',
    secret: true,
    parse: text,
  }),
  MONGODB_URL: variable({
    description:
      'Courses and finished sessions in MongoDB (distributed profile, together with REDIS_URL). mongodb:// or mongodb+srv://, the database in the path (rollcast unless named); its options are the driver’s, tls and tlsCAFile among them',
    secret: true,
    parse: mongodbUrl,
  }),
  REDIS_MODE: variable({
    description:
      'What REDIS_URL names: standalone (one server), cluster (nodes of a Redis Cluster) or sentinel (sentinels). Unset: standalone',
    parse: oneOf(...REDIS_MODES),
  }),
  REDIS_SENTINEL_MASTER: variable({
    description: 'What the sentinels call the master; only, and always, with REDIS_MODE=sentinel',
    parse: text,
  }),
  REDIS_TLS_CA_FILE: variable({
    description: 'File of the CA certificates (PEM) for rediss://. Unset: those that Node trusts',
    parse: text,
  }),
  REDIS_PREFIX: variable({
    description: `Prefix of every Redis key and channel: up to ${REDIS_PREFIX_MAX_CHARS} characters out of A-Z a-z 0-9 . _ : -`,
    default: 'rollcast',
    parse: redisPrefix,
  }),
  REDIS_WAIT_REPLICAS: variable({
    description:
      'Wait for this many replicas after opening and ending a roll; fewer within half a second are answered STORE_UNAVAILABLE',
    default: '0',
    parse: integer(0, 100),
  }),
  DATA_DIR: variable({
    description: 'Embedded profile: the SQLite file lives here. Locked: a second process on it refuses to start',
    default: './data',
    parse: text,
  }),
  JWT_SECRET: variable({
    description:
      'Secret that signs tokens (HS256); fewer than 32 characters draw a warning. Embedded without any key: one is made and kept in DATA_DIR',
    secret: true,
    parse: text,
  }),
  JWT_PUBLIC_KEY: variable({
    description:
      'Public key (PEM, SPKI) that verifies tokens: RSA of at least 2048 bits (RS256), EC on P-256 (ES256) or Ed25519 (EdDSA)',
    secret: true,
    parse: publicKey,
  }),
  JWT_JWKS_URL: variable({ description: 'Where the key set that verifies tokens is', parse: url('https:', 'http:') }),
  JWT_ALGORITHMS: variable({
    description: 'Allow-list; by the kind of key unless given: HS256 for a secret; RS256, ES256, EdDSA for keys',
    parse: listOf(...ALGORITHMS),
  }),
  JWT_ISSUER: variable({ description: 'Checked when set', parse: text }),
  JWT_AUDIENCE: variable({ description: 'Checked when set', parse: text }),
  TOKEN_EXPIRY_OPEN_SOCKETS: variable({
    description: 'What happens to an open socket whose token expires: close or keep',
    default: 'close',
    parse: oneOf('close', 'keep'),
  }),
  LOGIN_URL: variable({
    description:
      'Where the console sends people who have no token, with return_to; it comes back to that address with #token=…. Unset: people paste a token',
    parse: url('https:', 'http:'),
  }),
  CORS_ORIGINS: variable({
    description:
      'Exact origins, comma-separated, for HTTP and WebSocket. Unset: the same origin, and any localhost port when embedded. Requests without an Origin (native apps) are always allowed',
    parse: origins,
  }),
  PUBLIC_URL: variable({
    description:
      'Where people reach this service: the base of check-in links and QR codes. Unset: the request’s own origin when embedded; with several nodes the links are left out, with a warning at the start',
    parse: baseUrl,
  }),
  TRUST_PROXY: variable({
    description:
      'Whose forwarded headers to believe: off, on, a number of hops, or addresses and networks, comma-separated. They say from which address somebody tries check-in codes without a token (600 wrong ones a minute), and whether by HTTPS',
    default: 'off',
    parse: trustProxy,
  }),
  TRANSPORTS: variable({
    description: 'Socket.IO transports',
    default: 'websocket,polling',
    parse: listOf('websocket', 'polling'),
  }),
  STUDENT_VISIBILITY: variable({
    description:
      'room: students hear every mark made by staff, as ids and status only. self: only what concerns themselves. Fixed for a roll when it starts',
    default: 'room',
    parse: oneOf('room', 'self'),
  }),
  AUTO_END_AFTER_MINUTES: variable({
    description: 'A started session with no other limit is ended after this',
    default: '720',
    parse: integer(1, 10_080),
  }),
  RETENTION_DAYS: variable({
    description:
      'Anonymise records this long after their session’s end, days; off: never. What is anonymised is in no report any more',
    default: 'off',
    parse: (value) => (value === 'off' ? null : integer(1, 36_500)(value)),
  }),
  DEVICE_SIGNALS: variable({
    description:
      'on: the records of students who check in from one device (device_id or browser cookie) are flagged for staff; nobody is kept from checking in',
    default: 'off',
    parse: onOff,
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: variable({
    description:
      'OpenTelemetry traces go there: OTLP over HTTP as JSON and nothing else, /v1/traces is put behind it. OTEL_SERVICE_NAME (rollcast unless set) and OTEL_RESOURCE_ATTRIBUTES are heeded. Unset: no traces',
    parse: baseUrl,
  }),
  OTEL_EXPORTER_OTLP_HEADERS: variable({
    description: 'Sent with the traces: name=value, comma-separated, values percent-encoded',
    secret: true,
    parse: headers,
  }),
  OTEL_TRACES_SAMPLER_ARG: variable({
    description: 'Share of the traces that are recorded, from 0 to 1',
    default: '1',
    parse: share,
  }),
  DRAIN_TIMEOUT_MS: variable({
    description: 'Upper bound of the graceful shutdown, milliseconds',
    default: '30000',
    parse: integer(0, 600_000),
  }),
  METRICS_PORT: variable({
    description: 'Unset: /metrics on PORT; set: only there',
    parse: integer(0, 65535),
  }),
  LOG_LEVEL: variable({
    description: 'pino level: fatal, error, warn, info, debug, trace or silent',
    default: 'info',
    parse: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  }),
};

type Name = keyof typeof VARIABLES;
type Values = { [N in Name]: ReturnType<(typeof VARIABLES)[N]['parse']> | undefined };
type Defaulted<N extends Name> = Exclude<Values[N], undefined>;
type AlwaysThere =
  | 'PORT'
  | 'HOST'
  | 'REDIS_PREFIX'
  | 'REDIS_WAIT_REPLICAS'
  | 'DATA_DIR'
  | 'DRAIN_TIMEOUT_MS'
  | 'OTEL_TRACES_SAMPLER_ARG';

export type Config = Values & {
  [N in AlwaysThere]: Defaulted<N>;
} & {
  /** Null: embedded, and the secret is kept in DATA_DIR. */
  tokenKey: TokenKey | null;
  /** Null: embedded. mongodb: the URL. */
  distributed: { redis: RedisSettings; mongodb: string } | null;
};

type Environment = Record<string, string | undefined>;

/** Throws a ConfigError with one line. */
export const readConfig = (environment: Environment): Config => {
  const values = Object.fromEntries(
    (Object.keys(VARIABLES) as Name[]).map((name) => [name, readVariable(name, environment)]),
  ) as Config;
  // First, so that what is wrong with REDIS_URL itself is said before that it is not alone enough.
  const redis = redisOf(values);
  const tokenKey = tokenKeyOf(values);
  checkTogether(values, tokenKey);
  const { MONGODB_URL: mongodb } = values;
  return { ...values, tokenKey, distributed: redis === null || mongodb === undefined ? null : { redis, mongodb } };
};

const readVariable = (name: Name, environment: Environment): unknown => {
  const variable: Variable<unknown> = VARIABLES[name];
  const given = textOf(name, variable.secret === true, environment) ?? variable.default;
  if (given === undefined) return undefined;
  try {
    return variable.parse(given);
  } catch (error) {
    throw new ConfigError(`${name} ${(error as Error).message}`);
  }
};

/** An empty variable counts as unset: that is how compose files and charts pass on what nobody has set. */
const textOf = (name: Name, secret: boolean, environment: Environment): string | undefined => {
  const direct = environment[name] || undefined;
  const file = secret ? environment[`${name}_FILE`] || undefined : undefined;
  if (direct?.trim() === '') throw new ConfigError(`${name} holds nothing but white space`);
  if (file === undefined) return direct;
  if (direct !== undefined) throw new ConfigError(`${name} and ${name}_FILE are both set; set one`);
  const read = fileText(`${name}_FILE`, file);
  // Whoever names a file means to set the variable: unset would be another configuration than the one they wrote.
  if (read === '') throw new ConfigError(`${name}_FILE names a file that is empty: ${file}`);
  return read;
};

const fileText = (name: string, file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ConfigError(`${name} cannot be read: ${(error as Error).message}`);
  }
};

const checkTogether = (values: Values, tokenKey: TokenKey | null): void => {
  const { REDIS_URL, MONGODB_URL, JWT_ALGORITHMS, JWT_PUBLIC_KEY, JWT_JWKS_URL } = values;
  // A list that fits no key would start, and then refuse everybody.
  const bySecret = JWT_PUBLIC_KEY === undefined && JWT_JWKS_URL === undefined;
  const misfit = JWT_ALGORITHMS?.find((it) => (it === 'HS256') !== bySecret);
  if (misfit !== undefined) {
    throw new ConfigError(`JWT_ALGORITHMS names ${misfit}, which is not for ${bySecret ? 'a secret' : 'public keys'}`);
  }
  const needed = JWT_PUBLIC_KEY === undefined ? undefined : algorithmOf(JWT_PUBLIC_KEY);
  if (needed !== undefined && JWT_ALGORITHMS?.includes(needed) === false) {
    throw new ConfigError(`JWT_ALGORITHMS lacks ${needed}, which is what the key in JWT_PUBLIC_KEY is for`);
  }
  if ((REDIS_URL === undefined) !== (MONGODB_URL === undefined)) {
    const [set, unset] = REDIS_URL === undefined ? ['MONGODB_URL', 'REDIS_URL'] : ['REDIS_URL', 'MONGODB_URL'];
    throw new ConfigError(
      `${set} is set but ${unset} is not: set both for the distributed profile, or neither for the embedded one`,
    );
  }
  if (REDIS_URL !== undefined && tokenKey === null) {
    throw new ConfigError(
      'JWT_SECRET, JWT_PUBLIC_KEY or JWT_JWKS_URL is needed with REDIS_URL and MONGODB_URL: nodes share no secret of their own',
    );
  }
};

const redisOf = ({ REDIS_URL, ...others }: Config): RedisSettings | null => {
  if (REDIS_URL === undefined) return null;
  try {
    return redisSettings({ REDIS_URL, ...others });
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
};

const tokenKeyOf = ({ JWT_SECRET, JWT_PUBLIC_KEY, JWT_JWKS_URL }: Values): TokenKey | null => {
  const given = Object.entries({ JWT_SECRET, JWT_PUBLIC_KEY, JWT_JWKS_URL }).filter(([, it]) => it !== undefined);
  if (given.length > 1) {
    throw new ConfigError(`${given.map(([name]) => name).join(' and ')} are set; set exactly one of them`);
  }
  if (JWT_SECRET !== undefined) return { kind: 'secret', secret: JWT_SECRET };
  if (JWT_PUBLIC_KEY !== undefined) return { kind: 'public', pem: JWT_PUBLIC_KEY };
  if (JWT_JWKS_URL !== undefined) return { kind: 'jwks', url: JWT_JWKS_URL };
  return null;
};

/** The effective values, secrets masked, unset ones left out: logged once at the start. */
export const maskedConfig = (config: Config): Record<string, unknown> =>
  Object.fromEntries(
    (Object.keys(VARIABLES) as Name[])
      .filter((name) => config[name] !== undefined)
      .map((name) => [name, (VARIABLES[name] as Variable<unknown>).secret ? '***' : config[name]]),
  );
