import type { Placement } from '@kyong/contracts';
import { withConnection } from '@kyong/postgres';
import { describe, expect, it } from 'vitest';
import { tenantDatabase } from '../src/adapters/tenant-schema.ts';
import { type DatabaseHost, type DatabaseReservation, OperationRefused } from '../src/index.ts';
import { reserve, untilAvailable } from './host-support.ts';

export interface HostUnderTest {
  host: DatabaseHost;
  /** Everything the tenant has left anywhere. */
  leftovers(reservation: DatabaseReservation): Promise<string[]>;
  /** A creation that was cut off: what it left, at each point it can be cut off at. */
  interruptions: Record<string, (reservation: DatabaseReservation) => Promise<void>>;
  /** Makes somebody else's of the same name. Absent where nobody else can have anything. */
  occupy?: (reservation: DatabaseReservation) => Promise<void>;
}

/** What every kind of place for tenant databases does. `start` gives each test a host; tenants are the test's own. */
export function describeDatabaseHost(
  name: string,
  placement: Placement,
  properties: { interruptions: string[]; othersLiveHere: boolean },
  start: () => Promise<HostUnderTest>,
): void {
  describe(`${name} as a database host`, () => {
    it('chooses the same server each time, and creates nothing by it', async () => {
      const { host, leftovers } = await start();
      const reservation = await reserve(host, placement);
      const { tenantId } = reservation;
      expect(await host.chooseInstance({ tenantId })).toBe(reservation.instanceId);
      const second = await host.chooseInstance({ tenantId, label: '01a2b3c4d' });
      expect(second === reservation.instanceId).toBe(placement === 'shared');
      expect(reservation.instanceId).toMatch(/^[a-z](-?[a-z0-9])*$/);
      await host.checkQuota(reservation);
      expect(await host.describe(reservation)).toEqual({ state: 'absent' });
      expect(await leftovers(reservation)).toEqual([]);
    });

    it('creates a database that answers, and takes it away', async () => {
      const { host, leftovers } = await start();
      const reservation = await reserve(host, placement);
      await host.create(reservation);
      const endpoint = await untilAvailable(host, reservation);

      const admin = await host.adminConnection(reservation);
      expect(admin).toMatchObject({
        host: endpoint.host,
        port: endpoint.port,
        database: reservation.databaseName,
      });
      const { rows } = await withConnection(admin, (client) =>
        client.query('SELECT current_database() AS name'),
      );
      expect(rows).toEqual([{ name: reservation.databaseName }]);
      const role = { name: reservation.roleName, password: 'of the test', connectionLimit: 5 };
      await tenantDatabase.ensureRole(admin, role);
      await withConnection({ ...admin, user: role.name, password: role.password }, async () => {});

      await host.destroy(reservation, 'undo');
      expect(await host.describe(reservation)).toEqual({ state: 'absent' });
      expect(await leftovers(reservation)).toEqual([]);
    });

    it('creates one however often it is asked, and keeps what is in it', async () => {
      const { host, leftovers } = await start();
      const reservation = await reserve(host, placement);
      await host.create(reservation);
      await host.create(reservation);
      await untilAvailable(host, reservation);
      const admin = await host.adminConnection(reservation);
      await withConnection(admin, (client) => client.query('CREATE TABLE kept AS SELECT 1 AS one'));

      await host.checkQuota(reservation);
      await host.create(reservation);
      await untilAvailable(host, reservation);
      const again = await host.adminConnection(reservation);
      const { rows } = await withConnection(again, (client) => client.query('SELECT one FROM kept'));
      expect(rows).toEqual([{ one: 1 }]);
      await host.destroy(reservation, 'undo');
      expect(await leftovers(reservation)).toEqual([]);
    });

    it('destroys what is gone, or never was, without a word', async () => {
      const { host } = await start();
      const reservation = await reserve(host, placement);
      await host.destroy(reservation, 'undo');
      await host.destroy(reservation, 'offboard');
      await host.create(reservation);
      await host.destroy(reservation, 'undo');
      await host.destroy(reservation, 'undo');
      expect(await host.describe(reservation)).toEqual({ state: 'absent' });
    });

    it('gives a name that was destroyed to a new, empty database', async () => {
      const { host } = await start();
      const reservation = await reserve(host, placement);
      for (let round = 0; round < 2; round += 1) {
        await host.create(reservation);
        await untilAvailable(host, reservation);
        const admin = await host.adminConnection(reservation);
        await withConnection(admin, (client) => client.query('CREATE TABLE first_time ()'));
        await host.destroy(reservation, 'undo');
      }
    });

    it.each(properties.interruptions)('finishes a creation that %s', async (interruption) => {
      const { host, interruptions, leftovers } = await start();
      const reservation = await reserve(host, placement);
      await interruptions[interruption]?.(reservation);
      await host.create(reservation);
      await untilAvailable(host, reservation);
      const admin = await host.adminConnection(reservation);
      await withConnection(admin, (client) => client.query('SELECT 1'));
      await host.destroy(reservation, 'undo');
      expect(await leftovers(reservation)).toEqual([]);
    });

    it.each(properties.interruptions)('undoes a creation that %s', async (interruption) => {
      const { host, interruptions, leftovers } = await start();
      const reservation = await reserve(host, placement);
      await interruptions[interruption]?.(reservation);
      await host.destroy(reservation, 'undo');
      expect(await host.describe(reservation)).toEqual({ state: 'absent' });
      expect(await leftovers(reservation)).toEqual([]);
    });

    if (properties.othersLiveHere) {
      it("refuses somebody else's of the same name, and leaves it alone", async () => {
        const { host, occupy, leftovers } = await start();
        const reservation = await reserve(host, placement);
        await occupy?.(reservation);
        const before = await leftovers(reservation);
        expect(before).not.toEqual([]);

        const refused = await host.create(reservation).catch((error: unknown) => error);
        expect(refused).toBeInstanceOf(OperationRefused);
        expect(await host.describe(reservation)).toEqual({ state: 'absent' });
        await expect(host.adminConnection(reservation)).rejects.toThrow();
        for (const purpose of ['undo', 'offboard'] as const) await host.destroy(reservation, purpose);
        expect(await leftovers(reservation)).toEqual(before);
      });
    }
  });
}
