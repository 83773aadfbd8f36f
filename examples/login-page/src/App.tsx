import { useSyncExternalStore } from "react";
import { Account } from "./Account";
import { LoginPage } from "./LoginPage";
import { state, subscribe } from "./session";

/** The account for whoever is logged in, the login page for everybody else. */
export function App() {
  const now = useSyncExternalStore(subscribe, state);
  return now === "in" ? <Account /> : <LoginPage ended={now === "ended"} />;
}
