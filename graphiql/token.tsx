import { useEffect, useRef, useState } from "react";

const STORAGE_KEY = "jobgraph:token";

/** Moves a `#token=KEY` of the address out of sight before it can be copied or bookmarked along with the page. */
function readToken(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) {
    sessionStorage.setItem(STORAGE_KEY, given);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(STORAGE_KEY) ?? "";
}

/** The API token, kept for as long as the browser tab is open; empty when there is none yet. */
export function useToken(): [token: string, setToken: (token: string) => void] {
  const [token, setToken] = useState(readToken);

  // Opening a `#token=KEY` link in a tab that already shows the page does not load it anew.
  useEffect(() => {
    const update = () => setToken(readToken());
    addEventListener("hashchange", update);
    return () => removeEventListener("hashchange", update);
  }, []);

  return [
    token,
    (changed) => {
      sessionStorage.setItem(STORAGE_KEY, changed);
      setToken(changed);
    },
  ];
}

/** Reports a typed token on Enter or when the field loses focus, as each change makes GraphiQL fetch the schema. */
export function TokenField({ token, onChange }: { token: string; onChange: (token: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const commit = () => onChange(input.current!.value.trim());

  useEffect(() => {
    input.current!.value = token;
  }, [token]);

  return (
    <form
      className="token"
      onSubmit={(event) => {
        event.preventDefault();
        commit();
      }}
    >
      <label htmlFor="token">API token</label>
      <input id="token" ref={input} type="password" autoComplete="off" spellCheck={false} required onBlur={commit} />
    </form>
  );
}
