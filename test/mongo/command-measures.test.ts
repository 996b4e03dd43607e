/** What the driver's events about its commands are taken for. */
import { EventEmitter } from 'node:events';
import { type MongoClient, MongoNetworkError, MongoServerError } from 'mongodb';
import { beforeEach, expect, test } from 'vitest';
import { measureCommands } from '../../src/mongo/command-measures.ts';

let client: EventEmitter;
let measured: string[];
let asked: string[];
beforeEach(() => {
  client = new EventEmitter();
  measured = [];
  asked = [];
  measureCommands(client as unknown as MongoClient, {
    meterOf: (command) => {
      asked.push(command);
      return {
        answered: (ms) => measured.push(`${command} ${ms}`),
        failed: () => measured.push(`${command} failed`),
      };
    },
  });
});

const succeeds = (commandName: string, reply: object = { ok: 1 }) =>
  client.emit('commandSucceeded', { commandName, duration: 3, reply });
const fails = (commandName: string, failure: Error) =>
  client.emit('commandFailed', { commandName, duration: 4, failure });

test('what is answered is measured by its name; a name that the service does not send is other', () => {
  for (const name of ['find', 'findAndModify', 'saslContinue', 'made up by a server']) succeeds(name);
  expect(measured).toEqual(['find 3', 'findAndModify 3', 'other 3', 'other 3']);
  expect(new Set(asked).size).toBe(asked.length);
});

test('a write that is not known to survive has failed, answered though it is', () => {
  succeeds('insert', { ok: 1, writeConcernError: { code: 64 } });
  expect(measured).toEqual(['insert 3', 'insert failed']);
});

test('a write that failed for some of its documents has failed, but not for a key that is taken', () => {
  succeeds('update', { ok: 1, writeErrors: [{ code: 11_000 }] });
  succeeds('update', { ok: 1, writeErrors: [{ code: 11_000 }, { code: 14_031 }] });
  expect(measured).toEqual(['update 3', 'update 3', 'update failed']);
});

test('an error that the server answers takes its time; one of the connection has none', () => {
  fails('update', new MongoServerError({ message: 'not primary', code: 10_107 }));
  fails('update', new MongoNetworkError('reset'));
  expect(measured).toEqual(['update 4', 'update failed', 'update failed']);
});

test('a key that is taken is an answer, and no failure', () => {
  fails('findAndModify', new MongoServerError({ message: 'E11000', code: 11_000 }));
  expect(measured).toEqual(['findAndModify 4']);
});
