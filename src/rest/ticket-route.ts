/** Trading a check-in code for a ticket: the one route without a token. */
import { routes } from '../contract/routes.ts';
import { deviceCookieIn, newDeviceCookie, setDeviceCookie } from '../device-cookie.ts';
import type { RestContext } from './context.ts';
import type { AddRoute } from './route.ts';

/** publicUrl: PUBLIC_URL; behind a proxy that ends TLS only it says that people come by HTTPS. */
export const addTicketRoute = (add: AddRoute, { attendance, services }: RestContext, publicUrl?: string): void => {
  add(routes.checkinTicket, async ({ params, body, request, reply }) => {
    const { device_id = null } = body;
    // An app that names its device has no use for a cookie, and may have several users.
    const known = device_id === null ? deviceCookieIn(request.headers.cookie) : null;
    const made = device_id === null && known === null ? newDeviceCookie(services.makeId) : null;
    if (made !== null) {
      // Also with a refusal, so that the next try comes from the same browser.
      const secure = request.protocol === 'https' || publicUrl?.startsWith('https:') === true;
      reply.header('set-cookie', setDeviceCookie(made, secure));
    }
    const device = { device_id, cookie: known ?? made };
    return attendance.ticket(params.id, body.code, device, request.ip);
  });
};
