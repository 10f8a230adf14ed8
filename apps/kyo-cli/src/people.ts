import type { Command } from 'commander';
import type { CommandContext, CommonOptions } from './command.ts';

/** `kyo people erase`: a person asks to be forgotten. */
export function addPeopleCommands(program: Command, { common, print, clientOf }: CommandContext): void {
  const people = program.command('people').description('people, as the platform knows them');
  common(
    people
      .command('erase')
      .description(
        'delete a person with their addresses, sessions and roles, and keep the proof in the audit',
      )
      .argument('<address>', 'their phone number (E.164) or e-mail address'),
  ).action(async (address: string, options: CommonOptions) => {
    const proof = await clientOf(options).erasePerson(address);
    print(options, proof, () => {
      const rows = Object.entries(proof.rows).map(([table, count]) => `${count} of ${table}`);
      const what = rows.length > 0 ? `Deleted: ${rows.join(', ')}.` : 'Nobody has this address.';
      return `${what}\nThe proof: kyo audit --action person.erase (${proof.addressHash}, ${proof.erasedAt}).\n`;
    });
  });
}
