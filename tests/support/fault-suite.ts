import { afterEach, describe, expect, it } from 'vitest';
import { switchStore } from '../../core/adapters/postgres/database/switches.ts';
import { type Cause, causeWords } from '../../core/contracts/words/causes.ts';
import { quarantineReasons } from '../../core/contracts/words/quarantine-reasons.ts';
import { runReasons } from '../../core/contracts/words/run-reasons.ts';
import { limitReasons } from '../../core/recovery/strategy.ts';
import { demoCredentials } from '../../localstack/upstreams/demo-broker/demo-broker.ts';
import { ruleOfFault } from './diagnosis-score/cases.ts';
import { causeOfFault, needsPerson, readThroughFaults, sickFaults } from './faults.ts';
import { type Pipeline, runNow } from './pipeline.ts';
import type { recoveryWorld } from './recovery-world.ts';
import { toldOf } from './told-cause.ts';
import { wordless } from './wordless.ts';
import { diagnosisAt, forgetWords, keepWords } from './wordless-database.ts';

const minute = 60_000;

/** With these there is nothing to look at: a page that never came, or one that could be read. */
const neverSeen: readonly string[] = ['hang', 'unit', 'download', 'turnover'];

/**
 * Every fault of the sources of a kind, all the way (docs/reasons.md, docs/health.md, docs/recovery.md): it ends as its reason and
 * spoils nothing that was there; two runs with it make the source ill and open one incident; it is not healed while it
 * lasts, and healed by itself when it is over. From its second run on all messages are `x`: nothing depends on a wording.
 */
export function eachFault(kind: 'api' | 'browser', of: ReturnType<typeof recoveryWorld>): void {
  const cases = sickFaults.filter((each) => each.kind === kind);
  afterEach(() => keepWords(of.pool()));
  describe('each fault ends as its reason, spoils nothing, makes the source ill while it lasts, and is healed by itself', () => {
    it.each(cases)('$source $fault: $reason', async ({ source, job, fault, reason }) => {
      const { all, later, newest } = of;
      const world = of.world();
      const cycle = async () => {
        await later();
        await world.cycle(runNow(job, new Date().toISOString(), source));
      };
      const stored = () =>
        all(
          `SELECT 'quote' AS what, listing_id, price FROM latest_quote WHERE source = $1
           UNION ALL SELECT 'member', listing_id, weight FROM constituent WHERE source = $1 ORDER BY 1, 2`,
          [source],
        );
      const health = async () => (await all('SELECT * FROM source_health WHERE source_id = $1', [source]))[0];

      await cycle();
      // A first price is provisional, and blocks none: the second one settles it.
      await cycle();
      const well = await health();
      expect(well).toMatchObject({ status: 'healthy', reason: null });
      const before = await stored();
      expect(before.length).toBeGreaterThan(0);

      of.fault(source, fault);
      // A login is wanted when the session has run out, and not before.
      const held = needsPerson.includes(fault);
      if (fault === 'refused' || held) await all('DELETE FROM auth_session');
      await cycle();
      expect(await all(`SELECT reason FROM task WHERE status = 'failed'`)).toEqual([{ reason }]);
      expect(await health()).toMatchObject({
        reason,
        failure_reason: reason,
        last_success_at: well?.['last_success_at'],
      });
      expect(await stored()).toEqual(before);
      await of.invariant(world);
      if (kind === 'browser') {
        const read = neverSeen.includes(fault) || (source === 'demo-broker' && fault === 'stale');
        expect(world.artifacts.size > 0).toBe(!read);
      }
      for (const { bytes } of world.artifacts.values()) {
        expect(bytes.includes(demoCredentials.password)).toBe(false);
        expect(bytes.toString('utf8')).not.toMatch(/broker_session=\w{8}/);
      }

      // What follows knows no message any more, and comes out as it did with them.
      const at = Date.now();
      const found = await diagnosisAt(of.pool(), at);
      expect(found.findings.map(({ rule }) => rule)).toContain(ruleOfFault(source, fault));
      await forgetWords(of.pool());
      const { rows } = await of.pool().query(`SELECT DISTINCT message FROM task WHERE status = 'failed'`);
      expect(rows).toEqual([{ message: 'x' }]);
      expect(await diagnosisAt(of.pool(), at)).toEqual(wordless(found));

      await cycle();
      const now = Date.now();
      const status = limitReasons.has(reason) ? 'limited' : 'failed';
      expect(await health()).toMatchObject({ status, reason });
      expect(await of.incidents(source)).toEqual([{ reason, count: 2, samples: 2 }]);
      await tellsOneCause(of, source, causeOfFault({ source, fault }));

      await later();
      if (held) {
        await heldUntilContinued(of, world, source, new Date(now));
        of.fault(source, fault, false);
        await heldUntilContinued(of, world, source, new Date(now));
        await switchStore(of.pool()).continueLogin(source, new Date());
      }
      expect((await world.watch(new Date(now))).recovering).toEqual([source]);
      await world.heal(later);
      // A page with another layout is read by its headings: the recovery heals it while the fault lasts.
      if (fault !== 'layout' && !held) {
        expect(await newest(source)).toMatchObject({ status: 'failed', reason, trigger: 'automatic' });
        of.fault(source, fault, false);
        await later();
        expect((await world.watch(new Date(now + minute))).recovering).toEqual([]);
        expect((await world.watch(new Date(now + 6 * minute))).recovering).toEqual([source]);
        await world.heal(later);
      }
      expect(await newest(source)).toMatchObject({ status: 'verified', trigger: 'automatic', held: null });
      await world.watch(new Date(now + 7 * minute));
      expect(await of.incidents(source)).toEqual([]);
      expect(await of.incidents(source, false)).toHaveLength(1);

      // The job that failed has been run again, if only in the next minute where the recovery asks less: nothing is left.
      await later();
      await world.cycle(runNow('none', new Date().toISOString(), 'none'));
      await world.watch(new Date(now + 8 * minute));
      expect(await health()).toMatchObject({ status: 'healthy', reason: null });
      await of.invariant(world);
    });
  });
}

/**
 * Every face of a page that is no obstacle: runs with it succeed, and what is stored afterwards is of the same listings,
 * with the same weights and previous closes, and with prices that a moment apart can have.
 */
export function eachFace(of: ReturnType<typeof recoveryWorld>): void {
  describe('each face is read as what people see', () => {
    it.each(readThroughFaults)('$source $fault', async ({ source, job, fault }) => {
      // Some come late, and pages are turned: that takes its time.
      const world = of.world({ pageTimeoutMs: 25_000 });
      const cycle = async () => {
        await of.later();
        await world.cycle(runNow(job, new Date().toISOString(), source));
      };
      const stored = async () => {
        const rows = await of.all(
          // A page without market times says the previous close of a price only where it has moved.
          `SELECT 'quote' AS what, listing_id, price::float8 AS price,
                  CASE WHEN as_of_basis = 'exchange' THEN previous_close::text ELSE '' END AS kept
           FROM latest_quote WHERE source = $1
           UNION ALL SELECT 'member', listing_id, price::float8, weight || ' ' || previous_close || ' ' || rank || ' ' || i.name
           FROM constituent JOIN listing l ON l.id = listing_id JOIN instrument i ON i.id = l.instrument_id
           WHERE source = $1 ORDER BY 1, 2`,
          [source],
        );
        return rows.map(({ price, kept, ...row }) => ({ ...row, kept, price: Number(price) }));
      };
      await cycle();
      const before = await stored();
      expect(before.length).toBeGreaterThan(0);
      expect(before.some(({ kept }) => kept === null)).toBe(false);
      of.fault(source, fault);
      // It may be in the login, or in how a session is kept.
      for (let run = 0; run < 2; run++) {
        await of.all('DELETE FROM auth_session');
        await cycle();
      }
      expect(await of.all('SELECT DISTINCT status, reason FROM task')).toEqual([{ status: 'succeeded', reason: null }]);
      expect(of.upstreams().control.hits(source, fault)).toBeGreaterThanOrEqual(2);
      const after = await stored();
      const priceless = (rows: typeof before) => rows.map(({ price: _, ...row }) => row);
      expect(priceless(after)).toEqual(priceless(before));
      for (const [at, { price }] of after.entries())
        expect(Math.abs(price / (before[at]?.price ?? 0) - 1)).toBeLessThan(0.1);
      expect(await of.all('SELECT 1 FROM quarantine')).toEqual([]);
      expect(await of.incidents(source)).toEqual([]);
      of.fault(source, fault, false);
      await cycle();
      expect(priceless(await stored())).toEqual(priceless(before));
      await of.invariant(world);
    });
  });
}

/** Every place names the same cause of what a source fails of, in words to people, and none says a code word. */
async function tellsOneCause({ pool }: ReturnType<typeof recoveryWorld>, source: string, cause: Cause): Promise<void> {
  const { causes, texts } = await toldOf(pool(), source);
  expect(causes).toEqual(Object.fromEntries(Object.keys(causes).map((place) => [place, cause])));
  for (const [place, text] of Object.entries(texts)) {
    expect(text, place).toContain(causeWords[cause]);
    // What is typed may be a code word; what is read is none.
    const read = text.replaceAll(/`[^`]*`/g, '');
    for (const word of [...runReasons, ...quarantineReasons].filter((each) => each.includes('_')))
      expect(read.includes(word), `${place}: ${word}`).toBe(false);
    if (cause !== 'format_changed') expect(read, place).not.toMatch(/drift|parser needs|format changed/i);
  }
}

/** No recovery begins while a login is on hold, and a run makes no request. */
async function heldUntilContinued(
  { upstreams, later }: ReturnType<typeof recoveryWorld>,
  world: Pipeline,
  source: string,
  at: Date,
): Promise<void> {
  const requests = () => upstreams().control.requests(false)[source]?.['total'];
  const before = requests();
  expect((await world.watch(at)).recovering).toEqual([]);
  await world.heal(later);
  expect(requests()).toBe(before);
}
