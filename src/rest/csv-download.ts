/** CSV answers, streamed row by row: a long list is never whole in memory as text. */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { CSV_BOM, toCsvRow } from './csv.ts';

type Cell = string | number | null;
/** Pages of rows, in order. */
export type CsvPages = AsyncIterable<Cell[][]>;

/**
 * Sends a header row and every page. The first page is read before anything is sent, so that a store that is away
 * answers a problem; when a later one fails the connection breaks, which no client takes for a whole file.
 */
export const sendCsv = async (reply: FastifyReply, filename: string, header: string[], pages: CsvPages) => {
  const rest = pages[Symbol.asyncIterator]();
  const first = await rest.next();
  reply.type('text/csv; charset=utf-8').header('content-disposition', `attachment; filename="${filename}"`);
  const stream = Readable.from(lines(header, first, rest));
  stream.on('error', (err) => reply.log.error({ err }, 'a download broke off'));
  return reply.send(stream);
};

async function* lines(header: string[], first: IteratorResult<Cell[][]>, rest: AsyncIterator<Cell[][]>) {
  yield CSV_BOM + toCsvRow(header);
  for (let page = first; page.done !== true; page = await rest.next()) {
    if (page.value.length > 0) yield page.value.map(toCsvRow).join('');
  }
}
