import * as z from 'zod';

/**
 * The file of the checkout that says in which account and region each stage is, so that a wrong profile deploys nothing
 * elsewhere: `quotron.stages.json`. `quotron deploy` writes it; it belongs into version control, and holds no secret.
 */
export function stageFileName(prefix: string): string {
  return `${prefix}.stages.json`;
}

/** The stages that are deployed to an account. */
export const cloudStages = ['dev', 'prod'] as const;
export type CloudStage = (typeof cloudStages)[number];

const accountSchema = z.string().regex(/^\d{12}$/, 'an AWS account is twelve digits');
const regionSchema = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d{1,2}$/, 'a region is such as eu-central-1');
/** A name of a snapshot, or its ARN: those of automated backups begin with `rds:`. */
export const snapshotSchema = z
  .string()
  .max(300)
  .regex(/^(arn:[\w:/.-]+|(rds:)?[A-Za-z][\w-]*)$/, 'a snapshot is its name or its ARN');

export const stagePlaceSchema = z.strictObject({
  account: accountSchema,
  region: regionSchema,
  /**
   * The snapshot that the database was restored from. It stays here for good: without it, CloudFormation would replace the
   * database by an empty one.
   */
  snapshot: snapshotSchema.optional(),
  /** Of that snapshot: a database cannot be restored to less. */
  storageGb: z.int().min(20).max(65_536).optional(),
});
export type StagePlace = z.infer<typeof stagePlaceSchema>;

export const stageFileSchema = z.strictObject({ dev: stagePlaceSchema.optional(), prod: stagePlaceSchema.optional() });
export type StageFile = z.infer<typeof stageFileSchema>;
