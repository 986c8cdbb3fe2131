import { type ReactNode, type SubmitEvent, useState } from "react";

interface FormProps {
  /** Words on the button. */
  action: string;
  /** Sentence that the form shows from the start; empty for none. */
  problem?: string;
  children: ReactNode;
  /** Gets the values by the names of the fields. A message of its error is shown. */
  onSubmit(values: Record<string, string>): Promise<void>;
}

/** A form with one button, which tells the person of an error and lets them try again. */
export function Form({ action, problem = "", children, onSubmit }: FormProps) {
  const [told, setTold] = useState(problem);
  const [isUnderWay, setUnderWay] = useState(false);

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    setUnderWay(true);
    setTold("");
    try {
      await onSubmit(values);
    } catch (error) {
      setTold((error as Error).message);
    }
    setUnderWay(false);
  }

  return (
    <form className="form" onSubmit={submit}>
      {children}
      {told && (
        <p role="alert" className="problem">
          {told}
        </p>
      )}
      <button type="submit" disabled={isUnderWay}>
        {action}
      </button>
    </form>
  );
}
