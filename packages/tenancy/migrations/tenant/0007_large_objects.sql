-- Large objects are in no export and under no quota: nobody makes any. Where the functions are the provider's own (RDS), this is a
-- warning and changes nothing.
REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
