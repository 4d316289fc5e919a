package io.seqpulse.connector.email;

/**
 * What became of one attempt to send.
 *
 * @param reply the server's answer, classified; meaningless where the fence was closed
 * @param stage how far it came
 * @param fence the fence's answer, or null if it was not asked
 * @param detail the server's words, one line, for the journal
 */
record Attempt(ReplyClass reply, Stage stage, Fence.Verdict fence, String detail) {

    private static final int LONGEST_DETAIL = 500;

    Attempt {
        String oneLine =
                detail == null
                        ? ""
                        : detail.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+", " ").strip();
        detail = oneLine.length() > LONGEST_DETAIL ? oneLine.substring(0, LONGEST_DETAIL) : oneLine;
    }

    /** Whether the fence kept the message from being ended, so that it was certainly not sent. */
    boolean fencedOff() {
        return fence != null && fence != Fence.Verdict.OPEN;
    }
}
