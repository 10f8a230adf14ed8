/** Programs that run on this machine alone, and ask nobody's account. */
const local = new Set(['start', 'test', 'test:deploy', 'chaos', 'bench']);

/** What a person's shell has for other work, and libraries here would take for theirs: libpq, the AWS SDK, ICU, Node itself. */
const ofOtherWork = /^(PG|REDIS|AWS_|LC_)|^(LANG|LANGUAGE|TZ|NODE_OPTIONS|(HTTPS?|ALL|NO)_PROXY)$/i;

/** The environment of a program: a local one has none of the settings that are meant for something else. */
export function environmentOf(program, environment) {
  if (!local.has(program)) return environment;
  const own = Object.entries(environment).filter(([name]) => !ofOtherWork.test(name));
  return { ...Object.fromEntries(own), LC_ALL: 'C.UTF-8', TZ: 'UTC' };
}
