/**
 * The program behind the MongoDB servers that tests start: `mongod` from the path, else one that speaks its protocol and
 * is built here from Go modules, once (FerretDB, see mongo-protocol-server/main.go).
 */
import path from 'node:path';
import { goProgram, has, hasGo } from './go-program.ts';

export { BUILD_DEADLINE_MS } from './go-program.ts';

export type MongoProgram = { kind: 'mongod' | 'ferretdb'; path: string };

const hasMongod = has('mongod', '--version');

/** Whether `mongoProgram` can answer one. */
export const canHaveMongo: boolean = hasMongod || hasGo;

/** Takes minutes when it has to be built. */
export const mongoProgram = async (): Promise<MongoProgram> => {
  if (hasMongod) return { kind: 'mongod', path: 'mongod' };
  const source = path.join(import.meta.dirname, 'mongo-protocol-server');
  return { kind: 'ferretdb', path: await goProgram({ name: 'mongo-protocol-server', source, package: '.' }) };
};
