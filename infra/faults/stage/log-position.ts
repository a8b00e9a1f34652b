/** How far the log is, and the verifiers are; and how it goes back. */
import type { Stage } from './stage.ts';

/** What had a position after that is given another; what no verifier asked for is lost. */
export async function goBack({ log }: Stage, position: number): Promise<void> {
  await log.sql.begin(async (tx) => {
    await tx`select from log_head for update`;
    await tx`delete from revocation_log where actor_id = 'faults' and position > ${position}`;
    await tx`update revocation_log set position = null where position > ${position}`;
    await tx`update verifiers set position = least(position, ${position})`;
    await tx`update log_head set position = ${position}`;
  });
}

export async function headOf({ log }: Stage): Promise<number> {
  const [row] = await log.sql<{ position: number }[]>`
    select position::float8 as position from log_head`;
  return row?.position ?? 0;
}

export async function placesOf({
  log,
}: Stage): Promise<{ incarnation: string; position: number }[]> {
  return await log.sql<{ incarnation: string; position: number }[]>`
    select incarnation, position::float8 as position from verifiers`;
}
