import { texts } from '../texts.ts';
import {
  inWords,
  MINUTES,
  type MinutesRule,
  type PresetName,
  policyOf,
  presetDraft,
  presetOf,
  type RulesDraft,
} from './checkin-rules.ts';
import { Choice, TextField } from './form-parts.tsx';

const LABELS: Record<MinutesRule, string> = {
  opens_before_minutes: texts.course.opens,
  late_after_minutes: texts.course.late,
  closes_after_minutes: texts.course.closes,
  auto_end_after_minutes: texts.course.autoEnd,
};
/** The service's own bounds: a week. */
const MINUTES_MAX = 10_080;

type RulesProps = { draft: RulesDraft; onChange: (draft: RulesDraft) => void };

export const PresetChoice = ({ draft, onChange }: RulesProps) => (
  <Choice
    label={texts.course.preset}
    value={presetOf(draft)}
    onChange={({ target }) => {
      const name = target.value as PresetName;
      if (name !== 'own') onChange(presetDraft(name));
    }}
    choices={Object.entries(texts.course.presets) as [PresetName, string][]}
  />
);

export const RulesFields = ({ draft, onChange }: RulesProps) => (
  <fieldset className="course-rules stack">
    <legend>{texts.course.rules}</legend>
    <PresetChoice draft={draft} onChange={onChange} />
    <p className="dim">{inWords(policyOf(draft))}</p>
    <div className="course-fields">
      {MINUTES.map((rule) => (
        <TextField
          key={rule}
          label={`${LABELS[rule]}, ${texts.common.minutes}`}
          type="number"
          inputMode="numeric"
          min={rule === 'auto_end_after_minutes' ? 1 : 0}
          max={MINUTES_MAX}
          value={draft[rule]}
          onChange={({ target }) => onChange({ ...draft, [rule]: target.value })}
        />
      ))}
    </div>
    <p className="dim course-hint">
      {texts.course.unset} {texts.course.fromStart}
    </p>
    <label className="course-check">
      <input
        type="checkbox"
        checked={draft.isCoded}
        onChange={({ target }) => onChange({ ...draft, isCoded: target.checked })}
      />
      {texts.course.code}
    </label>
    <p className="dim course-hint">{texts.course.codeHint}</p>
  </fieldset>
);
