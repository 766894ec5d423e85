package io.xenolith.dom0.toolstack;

/** What becomes of a domain that ended ({@code on_poweroff}, {@code on_reboot}, {@code on_crash}, ...). */
enum Action {
    DESTROY, RESTART, PRESERVE, RENAME_RESTART;

    /**
     * Action by its name in a configuration. Core dumps are not made: "coredump-destroy" destroys.
     *
     * @throws ToolstackException when there is none of that name
     */
    static Action of(final String name) {
        return switch (name) {
            case "destroy", "coredump-destroy" -> DESTROY;
            case "restart", "coredump-restart" -> RESTART;
            case "preserve" -> PRESERVE;
            case "rename-restart" -> RENAME_RESTART;
            default -> throw new ToolstackException("The action '" + name + "' is unknown; use destroy, restart, "
                    + "preserve or rename-restart.");
        };
    }
}
