/** The pieces of this folder's forms. */
import { type ComponentProps, type ReactNode, useId } from 'react';
import { texts } from '../texts.ts';

type Labelled = { label: string; hint?: ReactNode; isOptional?: boolean };

const Label = ({ id, label, isOptional }: { id: string; label: string; isOptional: boolean }) => (
  <label htmlFor={id}>
    {label} {isOptional && <span className="dim course-optional">({texts.common.optional})</span>}
  </label>
);

const Hint = ({ id, hint }: { id: string; hint: ReactNode }) =>
  hint === undefined ? null : (
    <p id={id} className="dim course-hint">
      {hint}
    </p>
  );

export const TextField = ({ label, hint, isOptional = false, ...rest }: Labelled & ComponentProps<'input'>) => {
  const id = useId();
  return (
    <div>
      <Label id={id} label={label} isOptional={isOptional} />
      <input id={id} className="field" aria-describedby={hint === undefined ? undefined : `${id}-hint`} {...rest} />
      <Hint id={`${id}-hint`} hint={hint} />
    </div>
  );
};

export const TextArea = ({ label, hint, isOptional = false, ...rest }: Labelled & ComponentProps<'textarea'>) => {
  const id = useId();
  return (
    <div>
      <Label id={id} label={label} isOptional={isOptional} />
      <textarea id={id} className="field" aria-describedby={hint === undefined ? undefined : `${id}-hint`} {...rest} />
      <Hint id={`${id}-hint`} hint={hint} />
    </div>
  );
};

type Choices<V extends string> = { label: string; choices: readonly [V, string][] };

export const Choice = <V extends string>({ label, choices, ...rest }: Choices<V> & ComponentProps<'select'>) => {
  const id = useId();
  return (
    <div>
      <label htmlFor={id}>{label}</label>
      <select id={id} className="field" {...rest}>
        {choices.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
};

/** Trimmed; undefined where it is empty. */
export const valuesOf = <K extends string>(form: HTMLFormElement, ...names: K[]): Record<K, string | undefined> => {
  const data = new FormData(form);
  const entries = names.map((name) => [name, String(data.get(name) ?? '').trim() || undefined]);
  return Object.fromEntries(entries) as Record<K, string | undefined>;
};
