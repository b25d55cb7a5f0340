-- A move into this database that has not come to its end: while there is a row, nobody may serve.
-- What was moved so far ends with record "through", whose line of the log has checksum "crc".
CREATE TABLE surestock.moving (
    only_row boolean PRIMARY KEY CHECK (only_row),
    through bigint NOT NULL CHECK (through >= 0),
    crc text NOT NULL,
    source text NOT NULL
);

-- What stands for the records that had been deleted before the rest was moved here, as JSON.
CREATE TABLE surestock.base (
    part bigint PRIMARY KEY,
    body text NOT NULL
);
