export { fillPool } from './fill-pool.ts';
export {
  formerName,
  newWarmId,
  type WarmDatabase,
  type WarmPoolSizes,
  type WarmPoolStore,
  warmReservation,
} from './warm-database.ts';
