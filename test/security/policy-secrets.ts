/** Unguessable words in everything that is written down about a course and its people: whoever receives one knows it. */
import type { Random } from '../support/random.ts';

/** What a word tells to whoever receives it. */
export type Fact =
  /** An id, a title or a description of a course or a session. */
  | { of: 'course'; course_id: string }
  /** Why something was cancelled or corrected. */
  | { of: 'reason'; course_id: string }
  /** What a course says about one of its students. */
  | { of: 'line'; course_id: string; student_id: string; part: 'name' | 'roll' | 'remarks' }
  | { of: 'student'; student_id: string }
  /** What a token says about its user. */
  | { of: 'user'; user_id: string; part: 'id' | 'name' | 'picture' };

const WORD = /zq[0-9a-z]{12}/g;
const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';

export class Secrets {
  private readonly random: Random;
  private readonly facts = new Map<string, Fact>();

  constructor(random: Random) {
    this.random = random;
  }

  /** A word that nothing is known of yet. */
  word(): string {
    let word = 'zq';
    while (word.length < 14) word += LETTERS[this.random.int(LETTERS.length)];
    return word;
  }

  /** A text that holds a word which tells this. */
  text(before: string, fact: Fact): string {
    const text = `${before}${this.word()}`;
    this.tells(text, fact);
    return text;
  }

  tells(text: string, fact: Fact): void {
    for (const word of wordsIn(text)) this.facts.set(word, fact);
  }

  /** Every word in a text that tells something. */
  in(text: string): { word: string; fact: Fact }[] {
    return [...wordsIn(text)].flatMap((word) => {
      const fact = this.facts.get(word);
      return fact === undefined ? [] : [{ word, fact }];
    });
  }
}

export const wordsIn = (text: string): Set<string> => new Set(text.match(WORD) ?? []);

/** A value as text, with what its cursors hold: they are ids in another spelling. */
export const readable = (value: unknown): string => {
  const cursors: string[] = [];
  const text = JSON.stringify(value, (key, it: unknown) => {
    if (key === 'next_cursor' && typeof it === 'string') cursors.push(Buffer.from(it, 'base64url').toString('latin1'));
    return it;
  });
  return [text, ...cursors].join(' ');
};
