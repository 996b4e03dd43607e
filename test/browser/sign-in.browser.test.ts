/** Coming to the console, and leaving it. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { browsing, describeWithBrowser } from '../support/browser-needed.ts';
import { ConsolePage } from '../support/console-page.ts';
import { OneNode } from '../support/deployment.ts';
import { staffMember } from '../support/people.ts';

describeWithBrowser('signing in', () => {
  const node = new OneNode();
  const { context } = browsing();
  const opened: ConsolePage[] = [];
  beforeAll(() => node.start());
  afterEach(() => {
    for (const it of opened.splice(0)) it.expectNoFaults();
  });
  afterAll(() => node.stop());

  const open = async (path?: string): Promise<ConsolePage> => {
    const it = await ConsolePage.open(await context(), node.node.url, path);
    opened.push(it);
    return it;
  };

  test('a token in the fragment signs in, and is in the address no more; a pasted one does the same', async () => {
    const teacher = staffMember();
    const token = node.token(teacher);
    const handed = await open(`/#token=${token}`);
    await handed.page.getByRole('button', { name: 'Sign out' }).waitFor();
    expect(handed.page.url()).not.toContain('token');
    await handed.page.getByText('Live', { exact: true }).waitFor();
    await handed.expectAccessible();

    const pasted = await open();
    await pasted.expectAccessible();
    await pasted.page.getByLabel('Paste a token').fill('nonsense');
    await pasted.page.getByRole('button', { name: 'Use this token' }).click();
    await pasted.page.getByRole('alert').waitFor();
    await pasted.page.getByLabel('Paste a token').fill(token);
    await pasted.page.getByRole('button', { name: 'Use this token' }).click();
    await pasted.page.getByText('Live', { exact: true }).waitFor();
    await pasted.page.getByRole('button', { name: 'Sign out' }).click();
    await pasted.page.getByLabel('Paste a token').waitFor();
  });
});
