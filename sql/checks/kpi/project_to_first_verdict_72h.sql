WITH cohort AS (
  SELECT p.id, p.created_at
  FROM projects p
  WHERE p.created_at BETWEEN $__timeFrom() AND $__timeTo()
),
first_verdict AS (
  SELECT
    c.id AS project_id,
    c.created_at AS project_created_at,
    MIN(dv.created_at) AS first_verdict_at
  FROM cohort c
  LEFT JOIN deployments d ON d.project_id = c.id
  LEFT JOIN deployment_verdicts dv ON dv.deployment_id = d.id
  GROUP BY c.id, c.created_at
),
hit AS (
  SELECT project_id
  FROM first_verdict
  WHERE first_verdict_at IS NOT NULL
    AND first_verdict_at <= project_created_at + interval '72 hour'
)
SELECT
  CASE WHEN (SELECT COUNT(*) FROM cohort) = 0 THEN 0
  ELSE ROUND(100.0 * (SELECT COUNT(*) FROM hit) / (SELECT COUNT(*) FROM cohort), 2)
  END AS value;
