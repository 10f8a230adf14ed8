// COPY as streams: what comes out of one database goes into another without being held in between.
export { from as copyFrom, to as copyTo } from 'pg-copy-streams';
