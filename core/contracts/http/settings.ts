import * as z from 'zod';

/** Who says how something is configured: the release, the stage's file, or a variable that the owner set. */
export const settingOrigins = ['default', 'stage', 'setting'] as const;
export type SettingOrigin = (typeof settingOrigins)[number];

export const settingGroups = ['installation', 'collection', 'retention', 'events', 'access', 'database'] as const;
export type SettingGroup = (typeof settingGroups)[number];

/** How one thing is configured. */
const shownSettingSchema = z
  .object({
    group: z.enum(settingGroups),
    /** What it does, in short. */
    title: z.string(),
    /** The variable that sets it, for `npm start` and `quotron deploy`; `null` where the release or the stage does. */
    variable: z.string().nullable(),
    /** `null` where it is off, or nothing is set. What is secret is never here. */
    value: z.string().nullable(),
    /** Of what is secret: whether it is set, without what it is. */
    secret: z.boolean(),
    from: z.enum(settingOrigins),
  })
  .meta({ id: 'Setting' });
export type ShownSetting = z.infer<typeof shownSettingSchema>;

/** What a source may be asked, and when. */
const sourceSettingsSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    quota: z.object({ perMinute: z.int(), perDay: z.int(), from: z.enum(settingOrigins) }),
    jobs: z.array(
      z.object({
        id: z.string(),
        kind: z.string(),
        everySeconds: z.int().nullable(),
        cron: z.string().nullable(),
        zone: z.string().nullable(),
      }),
    ),
    simulated: z.boolean(),
  })
  .meta({ id: 'SourceSettings' });

export const settingsSchema = z
  .object({
    version: z.string(),
    stage: z.string(),
    settings: z.array(shownSettingSchema),
    sources: z.array(sourceSettingsSchema),
    services: z.array(z.object({ id: z.string(), running: z.boolean(), stoppedUntil: z.iso.datetime().nullable() })),
  })
  .meta({ id: 'Settings' });
export type SettingsView = z.infer<typeof settingsSchema>;
