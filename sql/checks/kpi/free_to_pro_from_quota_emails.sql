WITH exposed AS (
  SELECT DISTINCT ed.project_id
  FROM email_deliveries ed
  WHERE ed.email_type IN ('E-CONV-01', 'E-CONV-03')
    AND ed.sent_at BETWEEN $__timeFrom() AND $__timeTo()
),
converted AS (
  SELECT e.project_id
  FROM exposed e
  JOIN projects p ON p.id = e.project_id
  WHERE p.plan = 'pro'
)
SELECT
  CASE WHEN (SELECT COUNT(*) FROM exposed) = 0 THEN 0
  ELSE ROUND(100.0 * (SELECT COUNT(*) FROM converted) / (SELECT COUNT(*) FROM exposed), 2)
  END AS value;
