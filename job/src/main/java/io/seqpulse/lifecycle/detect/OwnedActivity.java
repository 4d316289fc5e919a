package io.seqpulse.lifecycle.detect;

import io.seqpulse.lifecycle.codec.Compact;
import io.seqpulse.lifecycle.fact.Activity;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;

/**
 * What is told of one of a user's projects, for their reports.
 *
 * <p>State, as {@link OwnedActivityCodec} writes it.
 */
public final class OwnedActivity {

    /** Its name; null where unknown. */
    String name;

    /** Its plan; null where unknown. */
    String plan;

    /** What happened in it. */
    final Activity activity;

    OwnedActivity() {
        this(new Activity());
    }

    private OwnedActivity(Activity activity) {
        this.activity = activity;
    }

    /** The projects of one user, by id; where they are kept, the host knows. */
    public interface Store {

        /** None is known. */
        Store NONE =
                new Store() {
                    @Override
                    public OwnedActivity get(String project) {
                        return null;
                    }

                    @Override
                    public void put(String project, OwnedActivity activity) {
                        throw new IllegalStateException("has no projects");
                    }

                    @Override
                    public void remove(String project) {}

                    @Override
                    public Map<String, OwnedActivity> all() {
                        return Map.of();
                    }

                    @Override
                    public void clear() {}
                };

        /** Null where nothing is known of it. */
        OwnedActivity get(String project);

        void put(String project, OwnedActivity activity);

        void remove(String project);

        Map<String, OwnedActivity> all();

        /** Forgets all of them. */
        void clear();
    }

    void write(DataOutput out) throws IOException {
        Compact.writeText(out, name);
        Compact.writeText(out, plan);
        activity.write(out);
    }

    static OwnedActivity read(DataInput in) throws IOException {
        String name = Compact.readText(in);
        String plan = Compact.readText(in);
        OwnedActivity owned = new OwnedActivity(Activity.read(in));
        owned.name = name;
        owned.plan = plan;
        return owned;
    }
}
