/**
 * Reads a Dockerfile and the .dockerignore beside it, as far as ours go: shell and JSON forms, flags, lines that go on, and
 * ARG before the first FROM. Here-documents, parser directives other than the first line, and ONBUILD are not known.
 */
/** `COPY --from=build a b`: { name: 'COPY', flags: { from: 'build' }, rest: 'a b' }. */
export type Instruction = { name: string; flags: Record<string, string>; rest: string };
export type Stage = { name: string; from: string; instructions: Instruction[] };

const parseLine = (line: string): Instruction => {
  const [, name = '', flags = '', rest = ''] = /^(\w+)((?:\s+--[a-z-]+=\S+)*)\s+(.*)$/s.exec(line) ?? [];
  if (name === '') throw new Error(`no instruction of a Dockerfile that is known here: ${line}`);
  const pairs = [...flags.matchAll(/--([a-z-]+)=(\S+)/g)].map(([, key = '', value = '']) => [key, value]);
  return { name: name.toUpperCase(), flags: Object.fromEntries(pairs), rest: rest.trim() };
};

/** The stages in order; the last one is the image. A stage without a name is called by its number. */
export const parseDockerfile = (text: string): Stage[] => {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n');
  const globals = new Map<string, string>();
  const stages: Stage[] = [];
  for (const instruction of lines.map(parseLine)) {
    const { name, rest } = instruction;
    if (name === 'FROM') {
      const [image = '', , alias] = rest.split(/\s+/);
      const from = image.replace(/^\$\{(\w+)\}$/, (_all, key: string) => globals.get(key) ?? '');
      stages.push({ name: alias ?? String(stages.length), from, instructions: [] });
    } else if (stages.length === 0) {
      const [, key = '', value = ''] = /^(\w+)=(.*)$/.exec(rest) ?? [];
      globals.set(key, value);
    } else {
      stages.at(-1)?.instructions.push(instruction);
    }
  }
  return stages;
};

/** ENV and LABEL: `A=b C="d e"`. */
export const pairsOf = (rest: string): Record<string, string> =>
  Object.fromEntries(
    [...rest.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))/g)].map(([, key = '', quoted, bare]) => [
      key,
      quoted ?? bare ?? '',
    ]),
  );

/** `*` is for any name, one that begins with a dot too; `**` is not known. */
const expressionOf = (pattern: string): RegExp => {
  if (pattern.includes('**')) throw new Error(`a pattern of .dockerignore that is not known here: ${pattern}`);
  const source = pattern.split('*').map((it) => it.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${source.join('[^/]*')}$`);
};

/** Whether a file of the context is sent to the builder: the last line that matches it, or a folder that it is in, decides. */
export const contextFilter = (dockerignore: string): ((file: string) => boolean) => {
  const rules = dockerignore
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ sent: line.startsWith('!'), pattern: expressionOf(line.replace(/^!/, '')) }));
  return (file) => {
    const parts = file.split('/');
    const names = parts.map((_part, i) => parts.slice(0, i + 1).join('/'));
    const rule = rules.findLast(({ pattern }) => names.some((name) => pattern.test(name)));
    return rule?.sent ?? true;
  };
};
