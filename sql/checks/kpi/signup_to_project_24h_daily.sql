WITH days AS (
  SELECT generate_series(
    date_trunc('day', $__timeFrom()::timestamp),
    date_trunc('day', $__timeTo()::timestamp),
    interval '1 day'
  ) AS day
),
cohort AS (
  SELECT d.day, u.id, u.created_at
  FROM days d
  LEFT JOIN users u
    ON u.created_at >= d.day
   AND u.created_at < d.day + interval '1 day'
),
daily AS (
  SELECT
    day,
    COUNT(id) AS total_signups,
    COUNT(*) FILTER (
      WHERE id IS NOT NULL
        AND EXISTS (
          SELECT 1
          FROM projects p
          WHERE p.owner_id = cohort.id
            AND p.created_at <= cohort.created_at + interval '24 hour'
        )
    ) AS activated_signups
  FROM cohort
  GROUP BY day
)
SELECT
  day AS "time",
  CASE WHEN total_signups = 0 THEN 0
       ELSE ROUND(100.0 * activated_signups / total_signups, 2)
  END AS value
FROM daily
ORDER BY day;
