WITH cohort AS (
  SELECT u.id, u.created_at
  FROM users u
  WHERE u.created_at BETWEEN $__timeFrom() AND $__timeTo()
),
activated AS (
  SELECT c.id
  FROM cohort c
  WHERE EXISTS (
    SELECT 1
    FROM projects p
    WHERE p.owner_id = c.id
      AND p.created_at <= c.created_at + interval '24 hour'
  )
)
SELECT
  CASE WHEN (SELECT COUNT(*) FROM cohort) = 0 THEN 0
  ELSE ROUND(100.0 * (SELECT COUNT(*) FROM activated) / (SELECT COUNT(*) FROM cohort), 2)
  END AS value;
