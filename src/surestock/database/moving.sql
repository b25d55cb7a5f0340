-- name: unfinished
SELECT through, crc, source FROM surestock.moving;
