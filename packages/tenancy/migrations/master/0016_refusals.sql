-- How often an actor was refused lately: beyond a bound it is written down no more.
CREATE INDEX ON audit (actor, at) WHERE refused IS NOT NULL;
