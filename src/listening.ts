/** Listeners that cannot be had: which variable is to be changed, in one line. */
import { type Config, ConfigError } from './config.ts';

/** The variable and its value lead the message. */
export class ListenError extends ConfigError {
  readonly variable: 'HOST' | 'PORT' | 'METRICS_PORT';

  constructor(variable: ListenError['variable'], message: string, cause: unknown) {
    super(message, { cause });
    this.variable = variable;
  }
}

/** Runs listen, which takes HOST and the port of that variable; throws a ListenError when they are not to be had. */
export const listening = async <T>(
  config: Pick<Config, 'HOST' | 'PORT' | 'METRICS_PORT'>,
  variable: 'PORT' | 'METRICS_PORT',
  listen: () => Promise<T>,
): Promise<T> => {
  try {
    return await listen();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    const port = `${variable} ${config[variable]}`;
    if (code === 'EADDRINUSE') throw new ListenError(variable, `${port} is in use by another process`, error);
    if (code === 'EACCES') throw new ListenError(variable, `${port} may not be used by this user`, error);
    // What is left can only be the address: not ours, not an address, or a name that is not found.
    if (syscall !== 'listen' && syscall !== 'getaddrinfo') throw error;
    throw new ListenError('HOST', `HOST ${config.HOST} is not an address of this machine (${code})`, error);
  }
};
