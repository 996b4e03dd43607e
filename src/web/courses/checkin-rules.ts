/** Check-in rules as a form holds them, and as people say them. */
import type { CheckinPolicy } from '../../contract/nouns.ts';
import { texts } from '../texts.ts';

export const MINUTES = [
  'opens_before_minutes',
  'late_after_minutes',
  'closes_after_minutes',
  'auto_end_after_minutes',
] as const;
export type MinutesRule = (typeof MINUTES)[number];

/** What is typed: empty where there is no such rule. */
export type RulesDraft = Record<MinutesRule, string> & { isCoded: boolean };

const PRESETS: Record<Exclude<PresetName, 'own'>, CheckinPolicy> = {
  relaxed: {},
  usual: { opens_before_minutes: 15, late_after_minutes: 10 },
  strict: { opens_before_minutes: 15, late_after_minutes: 5, closes_after_minutes: 20, code: 'rotating' },
};
export type PresetName = keyof typeof texts.course.presets;

export const draftOf = (policy: CheckinPolicy): RulesDraft => {
  const minutes = Object.fromEntries(MINUTES.map((rule) => [rule, String(policy[rule] ?? '')]));
  return { ...(minutes as Record<MinutesRule, string>), isCoded: policy.code === 'rotating' };
};

export const policyOf = (draft: RulesDraft): CheckinPolicy => {
  const set = MINUTES.filter((rule) => draft[rule] !== '').map((rule) => [rule, Number(draft[rule])]);
  return { ...Object.fromEntries(set), ...(draft.isCoded ? { code: 'rotating' } : {}) };
};

export const presetDraft = (name: Exclude<PresetName, 'own'>): RulesDraft => draftOf(PRESETS[name]);

export const presetOf = (draft: RulesDraft): PresetName => {
  const same = (other: RulesDraft) => other.isCoded === draft.isCoded && MINUTES.every((it) => other[it] === draft[it]);
  return (Object.keys(PRESETS) as Exclude<PresetName, 'own'>[]).find((it) => same(presetDraft(it))) ?? 'own';
};

export const inWords = (policy: CheckinPolicy): string => {
  const { words } = texts.course;
  const said = <T>(value: T | undefined, how: (value: T) => string, otherwise = ''): string =>
    value === undefined ? otherwise : how(value);
  return [
    said(policy.opens_before_minutes, words.opens, words.opensAtStart),
    said(policy.late_after_minutes, words.late, words.neverLate),
    said(policy.closes_after_minutes, words.closes, words.staysOpen),
    said(policy.auto_end_after_minutes, words.ends),
    policy.code === 'rotating' ? words.code : '',
  ]
    .filter((it) => it !== '')
    .join(' ');
};
