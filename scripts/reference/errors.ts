/** docs/reference/errors.md, from the table of errors. */
import { ERRORS } from '../../src/contract/errors.ts';
import { code, GENERATED, page, table } from './markdown.ts';

export const errorsPage = (): string => {
  const rows = Object.entries(ERRORS).map(([name, { status, retryable, level, message }]) => [
    code(name),
    String(status),
    retryable ? 'yes' : 'no',
    message,
    level,
  ]);
  return page(
    '# Errors',
    GENERATED,
    'A closed list: sockets and REST refuse with these codes and no others. Decide by `code` and `retryable`, show `message`. The message here is the usual one; a refusal may say something more exact.',
    '**Retryable** says whether the same request may succeed later, unchanged. A refusal carries its own `retryable`, which counts: a `CONFLICT` that lasts only until the archive has the session is retryable. **Logged** is the level of its log line.',
    table(['Code', 'HTTP status', 'Retryable', 'Message', 'Logged'], rows),
    'Some carry more: `INVALID_PAYLOAD` the `field`; `CHECKIN_NOT_OPEN` `opens_at`; `RATE_LIMITED` `retry_after_ms`; `STUDENT_NOT_ON_ROLL` the first `student_ids`; a refused CSV roster its bad `lines`.',
  );
};
