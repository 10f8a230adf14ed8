/**
 * When RDS backs a database server up every day, and mends it once a week (UTC): Tokyo's midnight and the hour after it. Left to
 * itself RDS draws both from 13:00 to 21:00, where AWS Backup has its plan: it makes no backup in either window nor in the hour
 * before a maintenance. They last at least half an hour and do not meet (Amazon RDS User Guide, "Backup window"; AWS Backup
 * Developer Guide, "Amazon RDS").
 */
export const databaseWindows = {
  backup: '15:00-15:30',
  maintenance: 'sun:16:00-sun:16:30',
} as const;
