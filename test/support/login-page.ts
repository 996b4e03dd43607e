/** A school's login page, as LOGIN_URL names one: it comes back with a token, for whoever is about to sign in. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const FOUND = 302;

export class LoginPage {
  /** Whom it signs in next, and what happens while they type their password. */
  next: { token: string; meanwhile?: () => void } | null = null;
  /** The addresses that it was asked to come back to. */
  readonly asked: string[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      const return_to = new URL(request.url ?? '', this.url).searchParams.get('return_to');
      if (return_to === null || this.next === null) {
        response.writeHead(404).end();
        return;
      }
      this.asked.push(return_to);
      this.next.meanwhile?.();
      response.writeHead(FOUND, { location: `${return_to}#token=${this.next.token}` }).end();
    });
  }

  static async start(): Promise<LoginPage> {
    const it = new LoginPage();
    await once(it.server.listen(0, '127.0.0.1'), 'listening');
    return it;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.host}/login`;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
