import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { BackupVault, DatabaseBackups } from '../constructs/database-backups.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';

/** Where copies of the backups lie when the region is gone. */
export class RecoveryCopiesStack extends KyoStack {
  readonly vault: BackupVault;

  constructor(scope: Construct, stage: Stage, region: string) {
    super(scope, 'recovery-copies', { stage, region, description: 'copies of the backups', stateful: true });
    this.vault = new BackupVault(this, 'Vault', { keep: stage.keepsData });
  }
}

/** Backups of every database of the stage, copied to another region. */
export class RecoveryStack extends KyoStack {
  readonly backups: DatabaseBackups;

  constructor(scope: Construct, stage: Stage, { copies }: { copies?: RecoveryCopiesStack | undefined }) {
    super(scope, 'recovery', { stage, description: 'backups', stateful: true });
    this.backups = new DatabaseBackups(this, 'Backups', {
      ...stage.recovery,
      stageName: stage.name,
      keep: stage.keepsData,
      copies: copies?.vault,
    });
  }
}
