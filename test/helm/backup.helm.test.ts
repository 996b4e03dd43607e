/** The README's commands for a backup of the one node and its restore, run here: /data is a directory. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { CHART } from '../support/chart.ts';
import { describeWithHelm } from '../support/helm-program.ts';
import { objectsIn, wrongWith } from '../support/kubernetes-objects.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const readme = readFileSync(path.join(CHART, 'README.md'), 'utf8');
const manifest = readFileSync(path.join(CHART, 'examples/restore-pod.yaml'), 'utf8');

/** What runs in the pod, of the README's commands that match. */
const inPod = (pattern: RegExp): string => {
  const command = pattern.exec(readme)?.[1];
  if (command === undefined) throw new Error(`the README has no command ${pattern}`);
  return command;
};

const namesIn = (file: string): unknown[] => {
  const database = new DatabaseSync(file);
  try {
    return database
      .prepare('SELECT name FROM present ORDER BY name')
      .all()
      .map((it) => it.name);
  } finally {
    database.close();
  }
};

test('a backup is made while the database is open, and a restore forgets what came later', () => {
  const directory = temporaryDirectory();
  const file = (name: string) => path.join(directory, name);
  const here = (text: string) => text.replaceAll('/data/', `${directory}/`);
  const shell = (command: string, input?: Buffer) => execFileSync('sh', ['-c', here(command)], { input });

  const running = new DatabaseSync(file('rollcast.db'));
  running.exec("PRAGMA journal_mode = WAL; CREATE TABLE present (name); INSERT INTO present VALUES ('ada')");
  const backup = inPod(/ -- (node -e "process.umask.*")$/m);
  shell(backup.replace('node', process.execPath));
  expect(statSync(file('backup.db')).mode & 0o777).toBe(0o600);
  const kept = readFileSync(file('backup.db'));
  shell(inPod(/ -- (rm \/data\/backup.db)$/m));
  running.exec("INSERT INTO present VALUES ('grace')");
  // As after a node that was killed: what was committed last is beside the file.
  const [database, wal] = ['rollcast.db', 'rollcast.db-wal'].map((it) => readFileSync(file(it)));
  running.close();
  writeFileSync(file('rollcast.db'), database as Buffer);
  writeFileSync(file('rollcast.db-wal'), wal as Buffer);

  shell(inPod(/ -- sh -c '(umask 077 && cat .*)' < rollcast-backup\.db$/m), kept);
  shell(inPod(/ -- sh -c '(rm -f .*)'$/m));
  expect(namesIn(file('rollcast.db'))).toEqual(['ada']);
  expect(existsSync(file('restored.db'))).toBe(false);
});

describeWithHelm('the pod of a restore', (helm) => {
  test('is a pod of the chart: the same claim, image, user and restrictions', () => {
    const objects = objectsIn(helm('template', 'rollcast', CHART).stdout);
    const one = (kind: string) => objects.find((it) => it.kind === kind);
    const [pod] = objectsIn(manifest);
    expect(objectsIn(manifest).flatMap(wrongWith)).toEqual([]);
    const node = one('Deployment')?.spec.template.spec;
    const { claimName } = pod?.spec.volumes[0].persistentVolumeClaim ?? {};
    expect(claimName).toBe(one('PersistentVolumeClaim')?.metadata.name);
    expect(pod?.spec.securityContext).toEqual(node.securityContext);
    const [container] = pod?.spec.containers ?? [];
    expect(container.image).toBe(node.containers[0].image);
    expect(container.securityContext).toEqual(node.containers[0].securityContext);
    expect(readme).toContain(`exec --stdin ${pod?.metadata.name} `);
  });
});
