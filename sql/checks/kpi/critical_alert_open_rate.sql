WITH sent AS (
  SELECT ed.id
  FROM email_deliveries ed
  WHERE ed.email_type = 'E-ACT-05'
    AND ed.sent_at BETWEEN $__timeFrom() AND $__timeTo()
),
opened AS (
  SELECT DISTINCT s.id
  FROM sent s
  JOIN email_events ee ON ee.email_delivery_id = s.id
  WHERE ee.event_type = 'opened'
)
SELECT
  CASE WHEN (SELECT COUNT(*) FROM sent) = 0 THEN 0
  ELSE ROUND(100.0 * (SELECT COUNT(*) FROM opened) / (SELECT COUNT(*) FROM sent), 2)
  END AS value;
