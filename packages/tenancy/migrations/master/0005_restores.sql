-- What an operation found out for those who asked for it: the comparison of a restored database with the live one.
ALTER TABLE operations ADD COLUMN report jsonb;

-- A restored database stays beside the live one, complete and in nobody's way, until an operator swaps or discards it.
ALTER TABLE second_databases
  DROP CONSTRAINT second_databases_state_check,
  ADD CONSTRAINT second_databases_state_check CHECK (state IN ('target', 'restored', 'previous'));
CREATE UNIQUE INDEX one_restored_database ON second_databases (tenant_id) WHERE state = 'restored';
